package link

import (
	"fmt"
	"strings"
	"sync"

	"hostnet.linux/internal/schema"
)

var vethRows = sync.OnceValue(func() options[Link] {
	return options[Link]{
		plain("peer", schema.LinkName(), func(l *Link) **string { return &l.Peer },
			"The name of the other end. Needed to make the pair.").needs(recreate),
		plain("peer_netns", NamespaceForm(), func(l *Link) **string { return &l.PeerNS },
			"The network namespace of the other end: a name under /run/netns, a path, or the number of a process in it. Left "+
				"out, the "+
				"other end is in the namespace of this one.").needs(recreate),
	}
})

// NamespaceForm is a network namespace given by name, path or process number.
func NamespaceForm() schema.Form[string] {
	return schema.Text(
		func(s string) (string, error) {
			if s == "" || s == "." || s == ".." || strings.ContainsAny(s, "\x00\n") ||
				(!strings.HasPrefix(s, "/") && strings.Contains(s, "/")) {
				return "",
					fmt.Errorf("must be the name of a network namespace, a path that starts with a slash, or a process number, not %q",
						s)
			}
			return s, nil
		},
		func(s string) string { return s })
}
