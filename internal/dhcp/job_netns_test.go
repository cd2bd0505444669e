//go:build netns

package dhcp

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestRecordIsFound: a client that starts while others look for it is found by the next look.
func TestRecordIsFound(t *testing.T) {
	job := Job{Container: "sought", Init: os.Getpid(), Index: 7}
	ended := make(chan struct{})
	for range 3 {
		go func() {
			for {
				select {
				case <-ended:
					return
				case <-time.After(100 * time.Microsecond):
					Find(job.Init, job.Index)
				}
			}
		}()
	}
	defer close(ended)
	for i := range 200 {
		client, err := openRecord(job)
		if err != nil {
			t.Fatalf("start %d: %v", i, err)
		}
		if err := client.write(State{Job: job, PID: os.Getpid()}); err != nil {
			t.Fatal(err)
		}
		if state, runs := Find(job.Init, job.Index); !runs || state.PID != os.Getpid() {
			t.Fatalf("start %d: runs %t, %+v", i, runs, state)
		}
		client.remove()
		_ = client.file.Close()
	}
}

// TestOneClientForAnInterface: a second one is refused for as long as the first lives.
func TestOneClientForAnInterface(t *testing.T) {
	job := Job{Container: "sought", Init: os.Getpid(), Index: 8}
	first, err := openRecord(job)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openRecord(job); err == nil {
		t.Error("a second client is let in")
	}
	for _, folder := range []string{filepath.Dir(Folder), Folder} {
		if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", folder, info, err)
		}
	}
	first.remove()
	_ = first.file.Close()
	again, err := openRecord(job)
	if err != nil {
		t.Fatal(err)
	}
	again.remove()
	_ = again.file.Close()
}
