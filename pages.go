// Package hostnet has the texts that people read, for the tests that run what is in them.
package hostnet

import "embed"

// Pages are the README and the pages of the documentation site.
//
//go:embed README.md docs/*.md
var Pages embed.FS
