package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

func configFile(folder, name string) string { return filepath.Join(folder, name, "config") }

// cache reads each file once: a hundred containers include the same few.
type cache struct {
	lxc.Disk
	files map[string][]byte
}

func newCache() *cache { return &cache{files: map[string][]byte{}} }

// ReadFile reads a file that does not change meanwhile.
func (c *cache) ReadFile(path string) ([]byte, error) {
	if contents, known := c.files[path]; known {
		return contents, nil
	}
	contents, err := c.Disk.ReadFile(path)
	if err == nil {
		c.files[path] = contents
	}
	return contents, err
}

// openHost opens the host's namespace and reads it.
func (m *Machine) openHost() (*host, error) {
	handle, err := m.Open("")
	if err != nil {
		return nil, err
	}
	h := &host{kernel: handle}
	if err := h.observe(); err != nil {
		handle.Close()
		return nil, err
	}
	return h, nil
}

// load reads a container: its state, its configuration and, if it runs, its namespace.
func (m *Machine) load(h *host, folder, name string, reader lxc.Reader) (*Container, error) {
	state, err := m.Runtime.State(folder, name)
	if err != nil {
		return nil, err
	}
	if !state.Defined {
		return nil, m.unknown(folder, name)
	}
	return m.loadFile(h, name, configFile(folder, name), state, reader)
}

// loadFile reads a container whose state is known already.
func (m *Machine) loadFile(h *host, name, file string, state lxc.State, reader lxc.Reader) (*Container, error) {
	c := &Container{Folder: filepath.Dir(filepath.Dir(file)), Name: name, State: state, ConfigFile: file, nsid: -1}
	var err error
	if c.config, err = lxc.ReadConfig(c.ConfigFile, reader); err != nil {
		return nil, err
	}
	if c.record, err = readRecord(c.config, c.ConfigFile); err != nil {
		return nil, err
	}
	c.configured = configured(c.config, c.record)
	if !state.Running() {
		return c, nil
	}
	if err := c.checkNamespace(); err != nil {
		return nil, err
	}
	if c.kernel, err = m.Open(c.namespace()); err != nil {
		return nil, err
	}
	if err := c.observe(h); err != nil {
		c.kernel.Close()
		return nil, err
	}
	return c, nil
}

// checkNamespace refuses containers that have no network of their own: what is done to them is done to the host.
func (c *Container) checkNamespace() error {
	var own, theirs unix.Stat_t
	if err := unix.Stat(hostNamespace, &own); err != nil {
		return fmt.Errorf("cannot look at the host's network namespace: %w", err)
	}
	if err := unix.Stat("/proc/"+c.namespace()+"/ns/net", &theirs); err != nil {
		return fmt.Errorf("container %s: cannot look at its network namespace (has it just stopped?): %w", c.Name, err)
	}
	if own.Ino == theirs.Ino && own.Dev == theirs.Dev {
		return fmt.Errorf("container %s shares the host's network: it has lxc.net.N.type = none", c.Name)
	}
	return nil
}

func (m *Machine) unknown(folder, name string) error {
	known, err := m.Runtime.Containers(folder)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		return fmt.Errorf("there is no container %s: %s has none (is lxc_path right?)", name, folder)
	}
	return fmt.Errorf("there is no container %s in %s (there are: %s)", name, folder, strings.Join(known, ", "))
}

// loadAll reads the containers of a task, and notes those that cannot be read.
func (m *Machine) loadAll(h *host, folder string, all []*Wanted, problems *schema.Problems) []*Container {
	reader := newCache()
	var containers []*Container
	for _, wanted := range all {
		c, err := m.load(h, folder, wanted.Container, reader)
		if err != nil {
			schema.At(wanted.Path, problems).Key("container").Problem("%v", err)
			continue
		}
		containers = append(containers, c)
	}
	return containers
}

func closeAll(containers []*Container) {
	for _, c := range containers {
		if c.kernel != nil {
			c.kernel.Close()
		}
	}
}

// checkRights says what it takes to wire containers. A user's own unprivileged containers get their links from LXC's
// lxc-user-nic, which makes no others.
func checkRights() error {
	if os.Geteuid() == 0 {
		return nil
	}
	return errors.New("wiring containers takes root, also for an unprivileged user's: set `become: true` and lxc_path " +
		"to the folder of that user's containers")
}

// writable tells whether a file could be written, so that this is known before anything is done.
func writable(path string) error {
	err := unix.Access(filepath.Dir(path), unix.W_OK)
	if err == nil {
		err = unix.Access(path, unix.W_OK)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	return nil
}
