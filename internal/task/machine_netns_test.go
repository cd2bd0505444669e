//go:build netns

package task_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostnet.linux/internal/services"
	"hostnet.linux/internal/store"
	"hostnet.linux/internal/system"
	"hostnet.linux/internal/task"
)

var (
	seeds    = flag.Int("seeds", 20, "how many random sequences of tasks are tried")
	sequence = flag.Int("tasks", 200, "how many tasks a sequence has")
)

// TestRandomTasks tries random sequences of tasks against a model of the declared set: whatever happened before, what
// is declared is there, a comparison finds nothing, a second run is silent, and the boot makes the same host.
func TestRandomTasks(t *testing.T) {
	t.Parallel()
	for seed := range *seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := &randomHost{machine: newMachine(t), random: rand.New(rand.NewPCG(uint64(seed), 7)), model: map[string]fields{}}
			// Two of many sequences are long; the others are many.
			tasks := *sequence
			if seed > 1 {
				tasks = tasks * 3 / 10
			}
			for number := range tasks {
				r.step(number)
				if t.Failed() {
					return
				}
			}
		})
	}
}

type fields map[string]any

// randomHost is a host and what is declared on it, object by object and option by option.
type randomHost struct {
	*machine
	random *rand.Rand
	model  map[string]fields
	past   []map[string]fields
}

func (r *randomHost) pick(of ...string) string { return of[r.random.IntN(len(of))] }

// step does one random thing, and looks at what has become of the host.
func (r *randomHost) step(number int) {
	r.Helper()
	what := r.pick("full", "partial", "partial", "partial", "absent", "route", "hand", "boot", "other kind", "rollback",
		"replace", "crash", "purge", "card")
	switch what {
	case "full", "partial", "replace":
		r.declareBridge(what)
	case "absent":
		r.remove(r.pick("br-0", "br-1", "br-2"))
	case "route":
		r.route()
	case "card":
		r.card()
	case "other kind":
		r.otherKind()
	case "hand":
		r.byHand()
	case "boot":
		r.reboot()
	case "rollback":
		r.rollBack()
	case "crash":
		r.crash()
	case "purge":
		if r.random.IntN(4) == 0 && len(r.model) > 0 {
			r.past = append(r.past, clone(r.model))
			r.must("network", `{"purge": true, "bridges": []}`)
			r.model = map[string]fields{}
		}
	}
	if !r.Failed() {
		r.compare()
	}
	if r.Failed() {
		r.Logf("step %d was %s", number, what)
	}
}

// must run, and be silent when it runs again.
func (r *randomHost) must(module, text string) {
	r.Helper()
	for round := range 2 {
		result := r.module(module, text)
		if result.Err != nil || round > 0 && result.Changed {
			r.Errorf("%s %s, run %d: changed %t, %v: %s", module, text, round, result.Changed, result.Err, actionsOf(result))
			return
		}
		if result.Changed && len(result.Before)+len(result.After) == 0 {
			r.Errorf("%s %s: changed without a difference: %s", module, text, actionsOf(result))
		}
	}
}

func (r *randomHost) declareBridge(how string) {
	r.Helper()
	name := fmt.Sprintf("br-%d", r.random.IntN(3))
	options := fields{}
	some := func() bool { return how == "full" || r.random.IntN(3) == 0 }
	number := int(name[3] - '0')
	if some() {
		options["mtu"] = 1300 + r.random.IntN(4)*50
	}
	if some() {
		options["ageing_time"] = 100 + r.random.IntN(5)*10
	}
	if some() {
		options["addresses"] = []any{fmt.Sprintf("10.%d.0.%d/24", 20+number, 1+r.random.IntN(3))}
	}
	if some() {
		options["ports"] = []any{fmt.Sprintf("eth%d", number%3)}
	}
	if some() {
		options["stp"] = r.random.IntN(2) == 0
	}
	model, isThere := r.model["bridges "+name]
	if (options["addresses"] != nil || model["addresses"] != nil && how != "replace") && some() {
		options["routes"] = []any{fields{"to": fmt.Sprintf("10.%d.0.0/16", 90+r.random.IntN(3)*10+number),
			"via": fmt.Sprintf("10.%d.0.254", 20+number)}}
	}
	if number%3 == 0 {
		delete(options, "ports") // eth0 carries the host's own address
	}
	r.past = append(r.past, clone(r.model))
	if !isThere || how == "replace" {
		r.model["bridges "+name] = fields{}
	}
	for key, value := range options {
		r.model["bridges "+name][key] = value
	}
	options["name"] = name
	if how == "replace" {
		options["replace"] = true
	}
	before := r.kept()
	r.must("bridge", text(options))
	if r.kept() == before {
		r.past = r.past[:len(r.past)-1]
	}
}

// kept is the number of the last generation.
func (r *randomHost) kept() int {
	last, err := (&store.Store{System: &system.System{Root: r.root}}).Last()
	if err != nil {
		r.Fatal(err)
	}
	if last == nil {
		return 0
	}
	return last.Number
}

func (r *randomHost) remove(name string) {
	r.Helper()
	r.past = append(r.past, clone(r.model))
	delete(r.model, "bridges "+name)
	before := r.kept()
	r.must("bridge", text(fields{"name": name, "state": "absent"}))
	if r.kept() == before {
		r.past = r.past[:len(r.past)-1]
	}
}

func (r *randomHost) route() {
	r.Helper()
	to := fmt.Sprintf("10.7%d.0.0/16", r.random.IntN(3))
	route := fields{"to": to}
	r.past = append(r.past, clone(r.model))
	if r.random.IntN(3) == 0 {
		delete(r.model, "routes "+to)
		route["state"] = "absent"
	} else {
		route["via"] = fmt.Sprintf("10.0.0.%d", 1+r.random.IntN(3))
		r.model["routes "+to] = fields{"via": route["via"]}
	}
	before := r.kept()
	r.must("route", text(route))
	if r.kept() == before {
		r.past = r.past[:len(r.past)-1]
	}
}

// card changes what bridges stand on.
func (r *randomHost) card() {
	r.Helper()
	name, mtu := r.pick("eth1", "eth2"), 1300+r.random.IntN(4)*50
	r.past = append(r.past, clone(r.model))
	if r.model["interfaces "+name] == nil {
		r.model["interfaces "+name] = fields{}
	}
	r.model["interfaces "+name]["mtu"] = mtu
	before := r.kept()
	r.must("interface", text(fields{"name": name, "mtu": mtu}))
	if r.kept() == before {
		r.past = r.past[:len(r.past)-1]
	}
}

// otherKind must be refused where the name is taken.
func (r *randomHost) otherKind() {
	r.Helper()
	name := fmt.Sprintf("br-%d", r.random.IntN(3))
	if _, taken := r.model["bridges "+name]; taken {
		r.refuse("veth", text(fields{"name": name, "peer": "far-" + name}), "is declared as a bridge")
	}
}

// byHand changes the host, which `hostnet apply` puts right.
func (r *randomHost) byHand() {
	r.Helper()
	name := fmt.Sprintf("br-%d", r.random.IntN(3))
	if _, there := r.model["bridges "+name]; !there {
		return
	}
	switch r.random.IntN(3) {
	case 0:
		r.ns.IP(r.T, "link", "set", name, "mtu", "1280")
	case 1:
		r.ns.IP(r.T, "link", "set", name, "down")
	case 2:
		r.ns.IP(r.T, "link", "delete", name)
	}
	within(r.T, r.ns, r.root, func(site *services.Site) {
		if result := task.NewWhole().Apply(site, nil); result.Err != nil {
			r.Errorf("apply: %v", result.Err)
		}
	})
	// What an option that nobody manages is like after that is nobody's business, and neither is going back beyond it.
	r.past = nil
}

func (r *randomHost) reboot() {
	r.Helper()
	var gone []string
	for key := range r.model {
		if name, isBridge := strings.CutPrefix(key, "bridges "); isBridge {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	if made := r.boot(gone...); len(made.Incomplete) > 0 {
		r.Errorf("boot: %v", made.Incomplete)
	}
	r.past = nil
}

func (r *randomHost) rollBack() {
	r.Helper()
	if len(r.past) == 0 {
		return
	}
	within(r.T, r.ns, r.root, func(site *services.Site) {
		one := task.NewRollback()
		target, err := one.Target(site, r.kept()-1)
		if err == nil {
			_, err = one.Rollback(site, target)
		}
		if err != nil {
			r.Errorf("rollback: %v", err)
		}
	})
	r.model = r.past[len(r.past)-1]
	r.past = nil
}

// crash stops a task half-way; the next one undoes it.
func (r *randomHost) crash() {
	r.Helper()
	within(r.T, r.ns, r.root, func(site *services.Site) {
		one, declaration, err := parse(`{"bridges": [{"name": "br-9", "mtu": 1400, "addresses": ["10.99.0.1/24"]}]}`)
		if err != nil {
			r.Fatal(err)
		}
		stop := r.random.IntN(4)
		site.Host.BeforeStep = func(number int) error {
			if number == stop {
				return os.ErrClosed
			}
			return nil
		}
		if result := one.Apply(site, declaration); result.Err == nil || !strings.Contains(result.Err.Error(), "as it was") {
			r.Errorf("a failing task: %v", result.Err)
		}
	})
}

// compare holds the host and the kept files against the model.
func (r *randomHost) compare() {
	r.Helper()
	r.clean()
	for key, options := range r.model {
		name, isBridge := strings.CutPrefix(key, "bridges ")
		if card, is := strings.CutPrefix(key, "interfaces "); is {
			name, isBridge = card, true
		}
		if !isBridge {
			if seen := r.ns.IP(r.T, "route", "show", strings.TrimPrefix(key, "routes ")); !strings.Contains(seen,
				fmt.Sprint(options["via"])+" ") {
				r.Errorf("%s via %v: %s", key, options["via"], seen)
			}
			continue
		}
		seen, err := r.ns.Try("ip", "-d", "address", "show", name)
		if err != nil {
			r.Errorf("%s: %v", name, err)
			continue
		}
		if mtu, declared := options["mtu"]; declared && !strings.Contains(seen, fmt.Sprintf("mtu %v ", mtu)) {
			r.Errorf("%s is to have mtu %v: %s", name, mtu, seen)
		}
		if list, declared := options["addresses"].([]any); declared && !strings.Contains(seen, list[0].(string)+" ") {
			r.Errorf("%s is to have %v: %s", name, list, seen)
		}
		if list, declared := options["routes"].([]any); declared {
			route, _ := list[0].(fields)
			if seen := r.ns.IP(r.T, "route", "show", fmt.Sprint(route["to"])); !strings.Contains(seen,
				fmt.Sprintf("via %v dev %s ", route["via"], name)) {
				r.Errorf("%s is to have %v: %s", name, list, seen)
			}
		}
		if age, declared := options["ageing_time"].(int); declared &&
			!strings.Contains(seen, fmt.Sprintf("ageing_time %d ", age*100)) {
			r.Errorf("%s is to have ageing_time %d: %s", name, age, seen)
		}
	}
	files, _ := filepath.Glob(filepath.Join(r.root, "etc/hostnet/*/*.yml"))
	if len(files) != len(r.model) {
		r.Errorf("%d objects are declared, %d files are kept: %q", len(r.model), len(files), files)
	}
	for i := range 3 {
		name := fmt.Sprintf("br-%d", i)
		_, declared := r.model["bridges "+name]
		if _, err := r.ns.Try("ip", "link", "show", name); (err == nil) != declared {
			r.Errorf("%s: declared %t, %v", name, declared, err)
		}
	}
}

func clone(model map[string]fields) map[string]fields {
	out := map[string]fields{}
	for key, options := range model {
		copied := fields{}
		for name, value := range options {
			copied[name] = value
		}
		out[key] = copied
	}
	return out
}

func text(options fields) string {
	content, err := json.Marshal(options)
	if err != nil {
		return err.Error()
	}
	return string(content)
}
