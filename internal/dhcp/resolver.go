package dhcp

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/system"
)

// resolve brings the container's resolver to what its clients know: the name servers of the first interface that has
// any, in the order of the interfaces. Without any, the container has again what it had before.
func resolve(init int, container string) error {
	// One at a time, so that the last one to write has seen what all others know.
	lock, err := os.Open(Folder)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	err = writeResolver(init, resolver(states(init)))
	var odd *system.NotPlainError
	if errors.As(err, &odd) {
		err = fmt.Errorf("it is %s, not a regular file: remove it", odd.Is)
	}
	if err != nil {
		return fmt.Errorf("cannot write the name servers into /%s of container %s: %w", fileName, container,
			inside(init, err))
	}
	return nil
}

// inside is an error with the paths as the container has them.
func inside(init int, err error) error {
	return errors.New(strings.ReplaceAll(err.Error(), fmt.Sprintf("/proc/%d/root/", init), "/"))
}

// Unwritten says why the name servers that a container's clients know are not in its resolv.conf, "" if they are.
func Unwritten(init int) string {
	for _, state := range states(init) {
		if len(state.DNS4)+len(state.DNS6) > 0 && state.Resolver != "" {
			return state.Resolver
		}
	}
	return ""
}

// states are what the clients of a container say of themselves.
func states(init int) []State {
	files, err := filepath.Glob(filepath.Join(Folder, fmt.Sprintf("%d-*.json", init)))
	if err != nil {
		return nil
	}
	var all []State
	for _, file := range files {
		var index int
		if _, err := fmt.Sscanf(filepath.Base(file), fmt.Sprintf("%d-%%d.json", init), &index); err != nil {
			continue
		}
		if state, runs := Find(init, index); runs {
			all = append(all, state)
		}
	}
	slices.SortFunc(all, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.RouteMetric(), b.RouteMetric()), cmp.Compare(a.Index, b.Index))
	})
	return all
}

// resolver is the text, "" if nobody has name servers.
func resolver(all []State) string {
	for _, state := range all {
		servers := slices.Concat(state.DNS4, state.DNS6)
		if len(servers) == 0 {
			continue
		}
		var text strings.Builder
		if domains := slices.Compact(slices.Concat(state.Search4, state.Search6)); len(domains) > 0 {
			fmt.Fprintf(&text, "search %s\n", strings.Join(domains, " "))
		}
		var seen []netip.Addr
		for _, server := range servers {
			if !slices.Contains(seen, server) {
				fmt.Fprintf(&text, "nameserver %s\n", server)
			}
			seen = append(seen, server)
		}
		return text.String()
	}
	return ""
}

// What the file says of itself, and of what was there before: so that goes along with every copy of the container.
const (
	head     = "# From DHCP, by hostnet.linux.\n"
	wasLine  = "#was: "
	wasLink  = "#was a link to: "
	fileName = "etc/resolv.conf"
)

const largestResolver = 64 << 10

// writeResolver writes the resolver where the container's programs look for it. A link gives way to a file: it leads
// where the container's root likes, and what it leads to is often not there, or made anew at each start
// (systemd-resolved's, which reads such a file too). An empty text puts back what was there before.
func writeResolver(init int, text string) error {
	user, err := containerRoot(init)
	if err != nil {
		return err
	}
	tree, err := system.OpenTree(fmt.Sprintf("/proc/%d/root", init), user)
	if err != nil {
		return err
	}
	defer tree.Close()
	link, err := tree.Link(fileName)
	if errors.Is(err, unix.ELOOP) {
		return errors.New("the way to it is a link, which is left as it is")
	}
	if err == nil && strings.ContainsAny(link, "\n\r") {
		err = errors.New("it is a link to a name with a line break, which is left as it is")
	}
	if err != nil {
		return err
	}
	if link != "" {
		if text == "" {
			return nil
		}
		if err := tree.Remove(fileName); err != nil {
			return err
		}
		return tree.Replace(fileName, []byte(head+text+wasLink+link+"\n"))
	}
	old, err := tree.Read(fileName, largestResolver)
	missing := errors.Is(err, fs.ErrNotExist)
	if err != nil && !missing {
		return err
	}
	ours := strings.HasPrefix(string(old), head)
	kept := before(string(old), ours, missing)
	if text != "" {
		err = tree.Replace(fileName, []byte(head+text+kept))
	} else if ours {
		err = putBack(tree, kept)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has no /etc: nobody would read ours
	}
	return err
}

// before is what was there before us, as comments.
func before(old string, ours, missing bool) string {
	if old == "" && !missing {
		return wasLine + "\n"
	}
	var kept strings.Builder
	for line := range strings.Lines(old) {
		switch {
		case !ours:
			kept.WriteString(wasLine + strings.TrimRight(line, "\n") + "\n")
		case strings.HasPrefix(line, wasLine), strings.HasPrefix(line, wasLink):
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func putBack(tree *system.Tree, kept string) error {
	link, isLink := strings.CutPrefix(kept, wasLink)
	if kept == "" || isLink {
		if err := tree.Remove(fileName); err != nil || !isLink {
			return err
		}
		return tree.Symlink(strings.TrimSuffix(link, "\n"), fileName)
	}
	var text strings.Builder
	for line := range strings.Lines(kept) {
		text.WriteString(strings.TrimPrefix(line, wasLine))
	}
	return tree.Replace(fileName, []byte(text.String()))
}

// containerRoot is who the root of a process's user namespace is on the host (user_namespaces(7)).
func containerRoot(pid int) (int, error) {
	text, err := system.Read(fmt.Sprintf("/proc/%d/uid_map", pid), 1<<20)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		var inside, outside, count int
		if _, err := fmt.Sscan(line, &inside, &outside, &count); err == nil && inside == 0 && count > 0 {
			return outside, nil
		}
	}
	return 0, errors.New("it has no root")
}
