package task

import (
	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/firewalld"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/kernel/linux"
	"hostnet.linux/internal/kernel/nftables"
	"hostnet.linux/internal/lxcbridge"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/system"
)

// within makes the change from inside another network namespace than the host's, so that what the task starts to serve
// DHCP and DNS is in there. Its files are apart from the host's, and go with the boot as the namespace does.
func (t *Task) within(namespace string, declaration *services.Declaration) (result ansible.Result) {
	path := linux.NamespacePath(namespace)
	err := linux.Inside(path, func() error {
		key, err := namespaceKey(path)
		if err != nil {
			return err
		}
		site, done, err := OpenSite(namespace, &system.System{Root: system.NamespacesFolder + "/" + key})
		if err != nil {
			return err
		}
		defer done()
		site.Services.Elsewhere, site.Namespace = true, key
		result = t.Apply(site, declaration)
		return nil
	})
	if err != nil {
		return ansible.Fail(err)
	}
	return result
}

// forHost makes a task about a namespace that is the host's own, under another name, one about the host.
func forHost(settings *host.Settings) {
	if settings.Netns == nil {
		return
	}
	// A namespace that cannot be told is told by whoever opens it.
	if key, err := namespaceKey(linux.NamespacePath(*settings.Netns)); err == nil && key == "" {
		settings.Netns = nil
	}
}

// OpenSite asks the kernel about a namespace, "" for that of the calling thread. The files are the host's, or a test's
// own.
func OpenSite(namespace string, files *system.System) (*services.Site, func(), error) {
	handle, err := linux.Open(namespace)
	if err != nil {
		return nil, nil, err
	}
	key, err := namespaceKey(linux.NamespacePath(namespace))
	if err != nil {
		handle.Close()
		return nil, nil, err
	}
	rules, err := nftables.Open(linux.NamespacePath(namespace))
	if err != nil {
		handle.Close()
		return nil, nil, err
	}
	if files.Root != "" {
		// Files of its own are those of a host of its own.
		key = ""
	}
	site := &services.Site{
		Host:     &host.Host{Kernel: handle},
		Services: &services.Host{Kernel: handle, Rules: rules, System: files, Elsewhere: key != ""},
		Kernel:   handle, Namespace: key, Towards: handle.EgressLink,
		Open:   func() (lxcbridge.Kernel, func(), error) { return openIn("") },
		OpenIn: openIn,
	}
	done := func() { handle.Close(); rules.Close() }
	if files.Root != "" || key != "" {
		return site, done, nil
	}
	bus := &firewalld.Bus{}
	site.Services.Firewalld = bus
	return site, func() { done(); bus.Close() }, nil
}

// openIn asks the kernel about a namespace, "" for that of the calling thread.
func openIn(namespace string) (lxcbridge.Kernel, func(), error) {
	inner, err := linux.Open(namespace)
	if err != nil {
		return nil, nil, err
	}
	return inner, inner.Close, nil
}
