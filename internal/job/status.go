// Package job looks after modules that run in the background: the action plugin starts them with a script that keeps
// their answers in files, as Ansible's async_wrapper does.
package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/schema"
)

// FolderKey is where the action plugin says where jobs are kept: the option async_dir of Ansible's shell plugins.
const FolderKey = "_async_dir"

// defaultFolder is that option's default.
const defaultFolder = "~/.ansible_async"

// request is the module's arguments.
type request struct {
	jid, mode *string
}

// identifiers are what the action plugin and Ansible call jobs: no way out of the folder.
var identifiers = pattern.Of(`^j?[0-9]+\.[0-9]+$`)

var table = sync.OnceValue(func() schema.Table[request] {
	return schema.Table[request]{
		schema.Field("jid", schema.String(), func(r *request) **string { return &r.jid },
			"The job's identifier: C(ansible_job_id) of the task that started it.").Require(),
		schema.Field("mode", schema.Choice("status", "cleanup"), func(r *request) **string { return &r.mode },
			"V(status) asks how the job is; V(cleanup) removes the file with its answer.").Assume("status"),
	}
})

// Options are the module's.
func Options() []schema.Doc { return table().Docs() }

// Status answers how a job is.
func Status(call ansible.Call) ansible.Result {
	arguments := map[string]any{}
	for key, value := range call.Arguments {
		if key != FolderKey {
			arguments[key] = value
		}
	}
	var one request
	var problems schema.Problems
	table().Parse(&one, arguments, schema.At("", &problems))
	if one.jid != nil && !identifiers().MatchString(*one.jid) {
		schema.At("jid", &problems).Problem("%q is no identifier of a job: use ansible_job_id of the task that started it",
			*one.jid)
	}
	if err := problems.Err(); err != nil {
		return ansible.Fail(err)
	}
	folder, err := folderOf(call.Arguments[FolderKey])
	if err != nil {
		return ansible.Fail(err)
	}
	path := filepath.Join(folder, *one.jid)
	if one.mode != nil && *one.mode == "cleanup" {
		return cleanup(path, call.CheckMode)
	}
	return read(path, *one.jid)
}

func folderOf(given any) (string, error) {
	folder, _ := given.(string)
	if folder == "" {
		folder = defaultFolder
	}
	rest, inHome := strings.CutPrefix(folder, "~/")
	if !inHome {
		return folder, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("the folder of the jobs, %s: %w", folder, err)
	}
	return filepath.Join(home, rest), nil
}

// read is the job's own answer, with what Ansible's loops ask of it: finished, started and the identifier.
func read(path, jid string) ansible.Result {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return ansible.Fail(fmt.Errorf("jid: there is no job %s (%s): did another user start it, or was it cleaned up?", jid,
			path))
	}
	if err != nil {
		return ansible.Fail(fmt.Errorf("the answer of job %s: %w", jid, err))
	}
	var answer map[string]any
	if err := json.Unmarshal(text, &answer); err != nil {
		return ansible.Fail(fmt.Errorf("the answer of job %s (%s) is damaged: %w", jid, path, err))
	}
	_, runs := answer["started"]
	values := schema.Object{}
	for key, value := range answer {
		values.Set(key, value)
	}
	values.Set("started", true)
	values.Set("finished", !runs)
	values.Set("ansible_job_id", jid)
	values.Set("results_file", path)
	return ansible.Result{Values: values}
}

func cleanup(path string, check bool) ansible.Result {
	_, err := os.Stat(path)
	there := err == nil
	if there && !check {
		err = os.Remove(path)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return ansible.Fail(fmt.Errorf("mode: cannot remove the job's file: %w", err))
	}
	return ansible.Result{Changed: there, Values: schema.Object{{Key: "erased", Value: path}}}
}
