package container

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/syslog"
	"os"
	"path/filepath"
	"time"

	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/schema"
)

// reports is where hooks leave what they could not do, until the container's next start.
const reports = "/run/hostnet/containers"

// report is what the hooks of a container's start could not do. A start without trouble leaves no file.
type report struct {
	path  string
	Hooks []trouble `json:"hooks"`
}

// trouble is one thing that a hook could not do.
type trouble struct {
	Moment  string    `json:"moment"`
	At      time.Time `json:"at"`
	Problem string    `json:"problem"`
}

// reportOf reads the report of the container with that configuration.
func reportOf(configFile string) *report {
	hash := sha256.Sum256([]byte(configFile))
	const enough = 8
	r := &report{path: filepath.Join(reports, hex.EncodeToString(hash[:enough])+".json")}
	contents, err := os.ReadFile(r.path)
	if err == nil {
		// A file that is half there after a crash is as good as none.
		_ = json.Unmarshal(contents, r)
	}
	return r
}

// add notes a problem, and tells it where operators look: in the journal, and in LXC's log by way of standard output.
func (r *report) add(container, moment string, problem error) {
	r.Hooks = append(r.Hooks, trouble{Moment: moment, At: time.Now().UTC().Truncate(time.Second),
		Problem: problem.Error()})
	text := fmt.Sprintf("container %s: %s: %v", container, moment, problem)
	fmt.Println("hostnet:", text)
	if journal, err := syslog.New(syslog.LOG_DAEMON|syslog.LOG_WARNING, "hostnet"); err == nil {
		_ = journal.Warning(text)
		_ = journal.Close()
	}
}

// save replaces the file; there is none where there is nothing to say.
func (r *report) save() {
	if len(r.Hooks) == 0 {
		_ = os.Remove(r.path)
		return
	}
	contents, err := json.Marshal(r)
	if err != nil {
		return
	}
	const searchable = 0o755
	if os.MkdirAll(reports, searchable) == nil {
		_ = lxc.WriteFile(r.path, append(contents, '\n'))
	}
}

// problems are the messages alone.
func (r *report) problems() []string {
	list := make([]string, len(r.Hooks))
	for i, one := range r.Hooks {
		list[i] = one.Moment + ": " + one.Problem
	}
	return list
}

// export is what container_info shows.
func (r *report) export() []schema.Object {
	list := make([]schema.Object, len(r.Hooks))
	for i, one := range r.Hooks {
		list[i] = schema.Object{
			{Key: "moment", Value: one.Moment}, {Key: "at", Value: one.At.Format(time.RFC3339)},
			{Key: "problem", Value: one.Problem},
		}
	}
	return list
}
