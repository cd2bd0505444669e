package manager

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"hostnet.linux/internal/pattern"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/schema"
	"hostnet.linux/internal/system"
)

// mark is the first line of our files.
const mark = "# Kept by the Ansible collection hostnet.linux: this link is set up by it alone.\n"

// Request is what a task wants of the other programs.
type Request struct {
	// Links are those that the task is about.
	Links []Link
	// Takeover takes these links out of the hands of the others.
	Takeover bool
	// Release gives links back.
	Release []string
	// Kept says that networkd is to make the links itself, from files of ours.
	Kept bool
	// Foreign says that the task declares routing policy rules, which networkd takes for its own.
	Foreign bool
	// ForeignGone says that no task declares any more.
	ForeignGone bool
}

// Result is what it takes.
type Result struct {
	Steps []plan.Step
	// Files are written by the steps; Services are restarted once these files are changed.
	Files, Services []string
	Warnings        []string
}

// Plan finds what the request takes. It changes nothing.
func Plan(s *system.System, request Request) (*Result, error) {
	claims, err := Claims(s, request.Links)
	if err != nil {
		return nil, err
	}
	if request.Takeover {
		if err := checkNames(claims); err != nil {
			return nil, err
		}
	}
	out := &Result{}
	drops, err := dropsForeign(s)
	if err != nil {
		return nil, err
	}
	var wanted []system.File
	if request.Kept {
		drops, claims = false, slices.DeleteFunc(claims, func(c Claim) bool { return c.Manager == networkd })
		for _, link := range request.Links {
			wanted = append(wanted, system.NoFile(networkdFile(link.Name)))
		}
	}
	if !request.Takeover {
		out.warn(claims, drops && request.Foreign)
		claims = nil
	}
	if request.Takeover && drops && request.Foreign {
		wanted = append(wanted, foreignAreKept)
	}
	if request.ForeignGone {
		wanted = append(wanted, system.NoFile(networkdConfig))
	}
	unmanaged, taken := unmanage(s, claims, request)
	wanted = append(wanted, unmanaged...)
	for _, link := range request.Release {
		wanted = append(wanted, system.NoFile(networkdFile(link)), system.NoFile(networkManagerFile(link)))
	}
	edited, err := editInterfaces(s, taken, request.Release)
	if err != nil {
		return nil, err
	}
	return out, out.add(s, append(wanted, edited...), claims, request)
}

// unmanage is what takes the claimed links out of the hands of networkd and NetworkManager; taken are those of
// ifupdown.
func unmanage(s *system.System, claims []Claim, request Request) (wanted []system.File, taken []string) {
	for _, claim := range claims {
		switch claim.Manager {
		case networkd:
			wanted = append(wanted, unmanagedByNetworkd(claim.Link))
		case ifupdown:
			taken = append(taken, claim.Link)
		}
	}
	if request.Takeover && isUsed(s, networkManagerService) {
		// It takes up links that come, and those that ifupdown had.
		for _, link := range request.Links {
			if plainName().MatchString(link.Name) {
				wanted = append(wanted, unmanagedByNetworkManager(link.Name))
			}
		}
	}
	return wanted, taken
}

// plainName is what no program takes for more than a name: in networkd's files * and ! make patterns, NetworkManager's
// lists end at a semicolon, and neither has quotes that keep them from that.
var plainName = pattern.Of(`^[A-Za-z0-9_.@+=-]+$`)

func checkNames(claims []Claim) error {
	for _, claim := range claims {
		if !plainName().MatchString(claim.Link) {
			return fmt.Errorf("manager: %q cannot be taken from %s, whose files have no way to write that name: rename the "+
				"link, or take it out of %s",
				claim.Link, claim.Describe(), claim.File)
		}
	}
	return nil
}

func (r *Result) warn(claims []Claim, drops bool) {
	for _, claim := range claims {
		r.Warnings = append(r.Warnings,
			fmt.Sprintf(
				"%s is set up by %s as well (%s), whose restart may undo this task: set `manager: takeover`, or take it out there",
				claim.Link, claim.Describe(), claim.File))
	}
	if drops {
		r.Warnings = append(r.Warnings,
			"systemd-networkd removes routing policy rules that it did not make when it starts: set `manager: takeover`, or "+
				"ManageForeignRoutingPolicyRules=no in /etc/systemd/networkd.conf")
	}
}

// editInterfaces takes links out of ifupdown's files, and puts back those that are released.
func editInterfaces(s *system.System, taken, released []string) ([]system.File, error) {
	sources, err := interfacesFiles(s)
	if err != nil {
		return nil, err
	}
	var out []system.File
	for _, source := range sources {
		_, before := restored(string(source.Content))
		links := slices.Concat(before, taken)
		links = slices.DeleteFunc(links, func(link string) bool { return slices.Contains(released, link) })
		slices.Sort(links)
		if len(before)+len(links) == 0 {
			// Nothing of it is ours, and it is none of our business how it looks.
			continue
		}
		source.Content = []byte(withoutLinks(string(source.Content), slices.Compact(links)))
		out = append(out, source)
	}
	return out, nil
}

// add makes steps of the files that are not as wanted. What is taken over is so before anything else happens; what is
// given back is so when all else is done.
func (r *Result) add(s *system.System, wanted []system.File, claims []Claim, request Request) error {
	restarts := map[string]plan.Phase{}
	for _, file := range wanted {
		have, err := s.File(file.Path)
		if err != nil {
			return err
		}
		if have.Equal(file) {
			continue
		}
		step := plan.Step{Phase: plan.Prepare, Action: "write", Object: "file " + file.Path,
			Run: func() error { return s.Put(file) }}
		for _, claim := range claims {
			if claim.isTakenBy(file) {
				step.Links = append(step.Links, claim.Link)
				step.Changes = append(step.Changes,
					schema.Change{Option: claim.Link + " is set up by", Old: claim.Describe(), New: "hostnet"})
			}
		}
		if !request.Takeover || !file.Present {
			step.Phase, step.Links = plan.Finish, request.Release
		}
		if !file.Present {
			step.Action = "remove"
		}
		r.Steps = append(r.Steps, step)
		r.Files = append(r.Files, file.Path)
		if service := serviceOf(file.Path); service != "" && IsActive(s, service) {
			restarts[service] = max(restarts[service], step.Phase)
		}
	}
	for _, service := range []string{Networkd, networkManagerService} {
		phase, needed := restarts[service]
		if !needed {
			continue
		}
		r.Services = append(r.Services, service)
		r.Steps = append(r.Steps, plan.Step{Phase: phase, Depth: 1, Action: "restart",
			Object: "service " + strings.TrimSuffix(service, ".service"),
			Run:    func() error { return Restart(s, service) }})
	}
	return nil
}

// isTakenBy tells whether the file is what takes the claimed link over.
func (c Claim) isTakenBy(file system.File) bool {
	switch c.Manager {
	case networkd:
		return file.Path == networkdFile(c.Link)
	case networkManager:
		return file.Path == networkManagerFile(c.Link)
	}
	return file.Path == c.File || file.Path == networkManagerFile(c.Link)
}

func serviceOf(path string) string {
	switch filepath.Dir(path) {
	case filepath.Dir(networkdFile("")), filepath.Dir(networkdConfig):
		return Networkd
	case filepath.Dir(networkManagerFile("")):
		return networkManagerService
	}
	return ""
}

// Taken are the links that were taken over, and whether networkd was told to keep its hands off foreign rules.
func Taken(s *system.System) (links []string, foreign bool, err error) {
	for _, pattern := range []string{networkdFile("*"), networkManagerFile("*")} {
		paths, err := filepath.Glob(s.Path(pattern))
		if err != nil {
			return nil, false, err
		}
		before, after, _ := strings.Cut(filepath.Base(pattern), "*")
		for _, path := range paths {
			links = append(links, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), before), after))
		}
	}
	sources, err := interfacesFiles(s)
	if err != nil {
		return nil, false, err
	}
	for _, source := range sources {
		_, more := restored(string(source.Content))
		links = append(links, more...)
	}
	slices.Sort(links)
	return slices.Compact(links), s.Exists(networkdConfig), nil
}
