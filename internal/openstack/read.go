package openstack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/schema"
)

// Source says where a configuration is.
type Source struct {
	// Directory is /etc/openstack_deploy on most controllers; it may also be the file openstack_user_config.yml itself.
	Directory string
	// Memory is openstack_inventory.json; empty is the one in Directory. It need not exist.
	Memory string
	// Environment is the env.d of an installed OSA; empty is the built-in table.
	Environment string
}

// UserConfig is the name of OSA's main file.
const UserConfig = "openstack_user_config.yml"

// MemoryFile is the name of OSA's memory.
const MemoryFile = "openstack_inventory.json"

// MemoryPath is where the memory is.
func (s Source) MemoryPath() string {
	if s.Memory != "" {
		return s.Memory
	}
	return filepath.Join(s.folder(), MemoryFile)
}

func (s Source) folder() string {
	if info, err := os.Stat(s.Directory); err == nil && !info.IsDir() {
		return filepath.Dir(s.Directory)
	}
	return s.Directory
}

func (s Source) userConfig() string {
	if s.folder() != s.Directory {
		return s.Directory
	}
	return filepath.Join(s.Directory, UserConfig)
}

// files are what is read, by the name that messages use.
type files struct {
	config, environment []file
	memory              []byte
	// installed: the environment begins with that of an installed OSA, not with the built-in table.
	installed bool
}

type file struct {
	name    string
	content []byte
}

// read reads every file. An error is one of the machine (no such file, not readable), never of the configuration.
func (s Source) read() (*files, error) {
	main, err := os.ReadFile(s.userConfig())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no %s: name the directory that holds %s", s.userConfig(), UserConfig)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	all := &files{config: []file{{filepath.Base(s.userConfig()), main}}}
	more, err := readFolder(s.folder(), "conf.d")
	if err != nil {
		return nil, err
	}
	all.config = append(all.config, more...)
	all.environment = []file{{BuiltIn, builtIn}}
	if s.Environment != "" {
		if all.environment, err = readFolder(filepath.Dir(s.Environment), filepath.Base(s.Environment)); err != nil {
			return nil, err
		}
		if len(all.environment) == 0 {
			return nil, fmt.Errorf("%s holds no *.yml: name the env.d of an installed OpenStack-Ansible", s.Environment)
		}
		all.installed = true
	}
	own, err := readFolder(s.folder(), "env.d")
	if err != nil {
		return nil, err
	}
	all.environment = append(all.environment, own...)
	all.memory, err = os.ReadFile(s.MemoryPath())
	if err != nil && (s.Memory != "" || !errors.Is(err, fs.ErrNotExist)) {
		return nil, fmt.Errorf("reading the memory: %w", err)
	}
	return all, nil
}

// readFolder reads every *.yml below a folder, in the order of their names: OSA's own order is the file system's.
func readFolder(base, name string) ([]file, error) {
	var all []file
	err := filepath.WalkDir(filepath.Join(base, name), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() || filepath.Ext(path) != ".yml" {
			return nil
		}
		content, err := os.ReadFile(path)
		relative, _ := filepath.Rel(base, path)
		all = append(all, file{relative, content})
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	return all, nil
}

// merged is one dictionary from many files. Replaced is told of what a later one takes away.
func merged(all []file, r *report, replaced func(a, b *value)) *value {
	var root *value
	unread := false
	for _, one := range all {
		v := readYAML(one.name, one.content, r)
		unread = unread || v == nil
		switch {
		case v.isNull(), v.kind == dict && len(v.pairs) == 0:
			continue
		case v.kind != dict:
			r.problem(v.Place, "", "must be a dictionary")
			continue
		}
		v = normal(v, replaced)
		if root == nil {
			root = v
			continue
		}
		root = merge(root, v, replaced)
	}
	if root == nil {
		root = &value{kind: dict}
	}
	root.unread = unread
	return root
}

// meant is "; did you mean X?" when a known name is near: half of its letters or more stand at their place.
func meant(name string, known []string) string {
	slices.Sort(known)
	near := schema.Nearest(name, known)
	a, b := strings.TrimSuffix(name, "_hosts"), strings.TrimSuffix(near, "_hosts")
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	for end := 1; end <= min(len(a), len(b))-same && a[len(a)-end] == b[len(b)-end]; end++ {
		same++
	}
	if near == "" || near == name || 2*same < len(a) {
		return ""
	}
	return "; did you mean " + near + "?"
}
