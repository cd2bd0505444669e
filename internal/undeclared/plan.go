package undeclared

import (
	"fmt"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/plan"
)

// Neighbours finds the steps that put back the neighbours that the plan of the links takes along: a link that goes
// down, is made again or gets another MAC address loses them (neigh_ifdown, neigh_changeaddr). Those that cannot stay
// are shown as removed.
func Neighbours(k kernel.Undeclared, ground plan.LinkEffects) ([]plan.Step, error) {
	links := map[string]bool{}
	for name, loss := range ground.Impacts {
		links[name] = loss != plan.Preserved
	}
	for name := range ground.Readdressed {
		links[name] = true
	}
	for name := range ground.NoIPv6 {
		links[name] = true
	}
	if len(links) == 0 {
		return nil, nil
	}
	found, err := k.Neighbours(links)
	if err != nil {
		return nil, err
	}
	var steps []plan.Step
	for _, one := range found {
		if step, happens := neighbourStep(k, ground, one); happens {
			steps = append(steps, step)
		}
	}
	return steps, nil
}

func neighbourStep(k kernel.Undeclared, ground plan.LinkEffects, one kernel.Neighbour) (plan.Step, bool) {
	step := plan.Step{
		Phase: plan.Retire, Action: "restore", Object: fmt.Sprintf("neighbour %s on %s", describeNeighbour(one), one.Link),
		Links: []string{one.Link},
		Run:   func() error { return k.SetNeighbour(one) },
	}
	controller, joins := ground.Joins[one.Link]
	lost := ground.Impacts[one.Link] != plan.Preserved
	switch {
	case ground.Deleted[one.Link]:
		return step, false
	case one.Address.Is6() && ground.NoIPv6[one.Link] != "":
		step.Cause = ground.NoIPv6[one.Link]
	case lost && joins:
		step.Cause = fmt.Sprintf("%s becomes a port of %s", one.Link, controller)
	case lost && ground.Down[one.Link]:
		step.Cause = one.Link + " is down in the end"
	case lost:
		step.Cause = one.Link + " is down for a while or made again"
		return step, true
	case ground.Readdressed[one.Link] != "" && !one.Proxy:
		step.Cause = ground.Readdressed[one.Link]
		return step, true
	default:
		return step, false
	}
	step.Action, step.Disruption = "remove", plan.ConnectionsLost
	return plan.Effect(step), true
}
