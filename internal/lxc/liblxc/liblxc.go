//go:build cgo

// Package liblxc is LXC itself. It is the only importer of go-lxc, and with it of cgo: everything else works against
// lxc.Runtime.
package liblxc

import (
	"errors"
	"fmt"
	"time"

	golxc "github.com/lxc/go-lxc"

	"hostnet.linux/internal/lxc"
)

// Runtime makes and runs containers through liblxc.
type Runtime struct{}

// DefaultFolder is liblxc's lxcpath.
func (Runtime) DefaultFolder() string { return golxc.DefaultConfigPath() }

// Containers lists the containers that are defined in the folder.
func (Runtime) Containers(folder string) ([]string, error) {
	return golxc.DefinedContainerNames(folder), nil
}

func with(folder, name string, use func(*golxc.Container) error) error {
	container, err := golxc.NewContainer(name, folder)
	if err != nil {
		return fmt.Errorf("container %s: %w", name, err)
	}
	err = use(container)
	return errors.Join(err, container.Release())
}

// State asks the container's monitor.
func (Runtime) State(folder, name string) (state lxc.State, err error) {
	err = with(folder, name, func(container *golxc.Container) error {
		state.Defined = container.Defined()
		if !state.Defined {
			return nil
		}
		state.Name = container.State().String()
		if pid := container.InitPid(); pid > 0 {
			state.InitPID = pid
		}
		return nil
	})
	return state, err
}

// Create runs the template.
func (Runtime) Create(folder, name string, template lxc.Template) error {
	return with(folder, name, func(container *golxc.Container) error {
		if template.Config != "" {
			if err := container.LoadConfigFile(template.Config); err != nil {
				return fmt.Errorf("container %s: cannot read %s: %w", name, template.Config, err)
			}
		}
		options := golxc.TemplateOptions{Template: template.Name, ExtraArgs: template.Arguments, Backend: golxc.Directory}
		if err := container.Create(options); err != nil {
			return fmt.Errorf("container %s: template %s failed (its own message is above LXC's log): %w", name, template.Name, err)
		}
		return nil
	})
}

// longestStart bounds the wait for the container's first process.
const longestStart = 60 * time.Second

// Start starts the container in the background.
func (Runtime) Start(folder, name string) error {
	return with(folder, name, func(container *golxc.Container) error {
		if err := container.Start(); err != nil {
			return fmt.Errorf("container %s does not start (lxc-start -n %s -P %s -F shows why): %w", name, name, folder, err)
		}
		if !container.Wait(golxc.RUNNING, longestStart) {
			return fmt.Errorf("container %s does not run after %s (lxc-start -n %s -P %s -F shows why)", name, longestStart, name, folder)
		}
		return nil
	})
}

// Stop shuts the container down, and kills it when it takes too long.
func (Runtime) Stop(folder, name string, patience time.Duration) error {
	return with(folder, name, func(container *golxc.Container) error {
		if patience > 0 && container.Shutdown(patience) == nil {
			return nil
		}
		if err := container.Stop(); err != nil && container.Running() {
			return fmt.Errorf("container %s does not stop: %w", name, err)
		}
		return nil
	})
}

// Destroy deletes the container's files.
func (Runtime) Destroy(folder, name string) error {
	return with(folder, name, func(container *golxc.Container) error {
		if err := container.Destroy(); err != nil {
			return fmt.Errorf("container %s cannot be destroyed: %w", name, err)
		}
		return nil
	})
}
