package task

import (
	"context"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
)

// NewEdited is the task of declaring objects exactly as a person has written them, and of removing others. It waits for
// no confirmation unless its settings are changed.
func NewEdited(objects, gone []*spec.Object) (*Task, error) {
	all := append([]*spec.Object{}, objects...)
	for _, object := range gone {
		all = append(all, object.Gone())
	}
	arguments, _ := spec.Arguments(all)
	arguments["replace"] = true
	settings, _, err := services.ParseNetwork(arguments)
	if err != nil {
		return nil, err
	}
	off := "off"
	settings.Settings.Confirm = &host.Confirm{Mode: &off}
	return &Task{
		Call: ansible.Call{Module: editModule, Arguments: arguments}, Settings: &settings.Settings,
		Edit: spec.NewEdit(editModule, arguments, nil),
	}, nil
}

// editAsWorker carries such a task out for a guard.
func editAsWorker(call ansible.Call) ansible.Result {
	return RunServices(services.ParseNetwork)(context.Background(), call)
}

// Preview is what the task would do, or why it would fail.
func (t *Task) Preview(site *services.Site) ([]schema.Object, error) {
	check := *t
	check.Call.CheckMode = true
	result := check.Apply(site, &services.Declaration{})
	actions, _ := result.Values.Get("actions").([]schema.Object)
	return actions, result.Err
}
