// Command notice writes NOTICE: the licences of what is linked into the binaries.
package main

import (
	"context"
	"fmt"
	"os"

	"hostnet.linux/internal/dist"
)

func main() {
	text, err := dist.Notice(context.Background(), ".")
	if err == nil {
		err = os.WriteFile(dist.NoticeFile, []byte(text), 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
