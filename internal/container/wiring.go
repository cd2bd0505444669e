package container

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"hostnet.linux/internal/system"
)

// wiringFolder holds the locks of containers that are being wired.
const wiringFolder = system.RuntimeFolder + "/wiring"

// longestWiring is how long a task and the follower wait for each other.
const longestWiring = time.Minute

// lockWiring keeps a task and the follower from wiring a container at the same time. Hooks need no lock: while LXC
// calls them it does not tell the container's state, which a task asks for after it has the lock.
func lockWiring(config, holder string) (*system.Lock, error) {
	hash := sha256.Sum256([]byte(config))
	const enough = 8
	return system.TakeLock(filepath.Join(wiringFolder, hex.EncodeToString(hash[:enough])+".lock"), holder, longestWiring)
}

// lockAll locks the containers of a task, in the order of their names.
func lockAll(folder string, all []*Wanted) (release func(), err error) {
	names := make([]string, len(all))
	for i, wanted := range all {
		names[i] = wanted.Container
	}
	slices.Sort(names)
	var locks []*system.Lock
	release = func() {
		for _, lock := range locks {
			lock.Release()
		}
	}
	for _, name := range names {
		lock, err := lockWiring(configFile(folder, name), "a task about container "+name)
		if err != nil {
			release()
			return nil, fmt.Errorf("container %s: %w", name, err)
		}
		locks = append(locks, lock)
	}
	return release, nil
}
