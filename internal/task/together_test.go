package task

import (
	"strings"
	"testing"

	"hostnet.linux/internal/ansible"
	"hostnet.linux/internal/host"
	"hostnet.linux/internal/services"
	"hostnet.linux/internal/spec"
	"hostnet.linux/internal/system"
)

// TestATaskIsComparedWithWhatIsKept: it fails before anything is asked of the kernel, which is not there.
func TestATaskIsComparedWithWhatIsKept(t *testing.T) {
	t.Parallel()
	files := &system.System{Root: t.TempDir()}
	for path, content := range map[string]string{
		"/etc/hostnet/lxc_bridges/lxcbr0.yml": "lxc_bridges:\n- name: lxcbr0\n  port_forwards: [{port: 8080, to: 10.0.3.7, " +
			"to_port: 80}]\n",
		"/etc/hostnet/nats/broken.yml": "nats:\n- nam: x\n",
	} {
		if err := files.Put(system.Text(path, content)); err != nil {
			t.Fatal(err)
		}
	}
	call := ansible.Call{Module: "lxc_bridge", Arguments: map[string]any{
		"name": "lxcbr1", "address": "10.0.4.1/24", "port_forwards": []any{map[string]any{"port": 8080, "to": "10.0.4.20"}},
	}}
	settings, declaration, err := services.ParseBridge(call.Arguments)
	if err != nil {
		t.Fatal(err)
	}
	one := &Task{Call: call, Settings: &settings.Settings,
		Edit: spec.NewEdit(call.Module, call.Arguments, host.TaskOptionNames())}
	result := one.Apply(&services.Site{Services: &services.Host{System: files}}, declaration)
	const want = "port_forwards[0]: tcp port 8080 is forwarded already by port_forwards[0] of lxcbr0 " +
		"(/etc/hostnet/lxc_bridges/lxcbr0.yml:2)"
	if result.Err == nil || !strings.Contains(result.Err.Error(), want) {
		t.Errorf("error %v, want %s", result.Err, want)
	}
}
