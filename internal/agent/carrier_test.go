package agent

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCarriers: a change is dated when it is seen; of a link that was there before the agent, a least time is known.
func TestCarriers(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	set := func(name, index, changes string) {
		for file, text := range map[string]string{"ifindex": index, "carrier_changes": changes} {
			if err := os.MkdirAll(filepath.Join(folder, name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, name, file), []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	later, last := begin.Add(time.Hour), begin.Add(2*time.Hour)
	set("eth0", "2", "1")
	set("eth1", "3", "4")
	// What stands beside the links there, such as bonding_masters, is a file.
	if err := os.WriteFile(filepath.Join(folder, "bonding_masters"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	first := carriers(folder, nil, begin)
	if len(first) != 2 || first["eth0"] != (Carrier{2, 1, begin, true}) {
		t.Errorf("at first: %v", first)
	}
	set("eth1", "3", "5")
	second := carriers(folder, first, later)
	if second["eth0"] != first["eth0"] || second["eth1"] != (Carrier{3, 5, later, false}) {
		t.Errorf("after a change: %v", second)
	}
	// Another link of the same name.
	set("eth1", "9", "5")
	third := carriers(folder, second, last)
	if third["eth1"] != (Carrier{9, 5, last, true}) {
		t.Errorf("another link: %v", third)
	}
	if err := os.RemoveAll(filepath.Join(folder, "eth0")); err != nil {
		t.Fatal(err)
	}
	if fourth := carriers(folder, third, last); len(fourth) != 1 {
		t.Errorf("a link that is gone: %v", fourth)
	}
}
