package container

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
	"hostnet.linux/internal/lxc"
	"hostnet.linux/internal/plan"
	"hostnet.linux/internal/system"
)

// lentFolder holds a file for each card of the host that a container has: what it is to be again when it comes home,
// with whatever address and MTU it was given inside. A boot gives it both anew, and takes the files along.
const lentFolder = system.RuntimeFolder + "/lent"

// lentCard is a card as it was on the host.
type lentCard struct {
	Address string    `json:"address"`
	MTU     uint32    `json:"mtu"`
	At      time.Time `json:"at"`
}

func lentFile(name string) string { return filepath.Join(lentFolder, name+".json") }

func readLent(name string) (card lentCard, found bool, err error) {
	contents, err := os.ReadFile(lentFile(name))
	if errors.Is(err, fs.ErrNotExist) {
		return card, false, nil
	}
	if err == nil {
		err = json.Unmarshal(contents, &card)
	}
	return card, err == nil, err
}

// noteLent writes down what a card is like ahead of its being lent; one that has come home without help gets its own
// back first.
func noteLent(host Kernel, name string) error {
	if err := giveBack(host, name, time.Now()); err != nil {
		return err
	}
	link, err := linkOf(host, name)
	if err != nil || link == nil {
		return err
	}
	for _, folder := range []string{system.RuntimeFolder, lentFolder} {
		if err := system.PrivateFolder(folder); err != nil {
			return err
		}
	}
	contents, err := json.Marshal(lentCard{Address: link.Address, MTU: link.MTU, At: time.Now()})
	if err != nil {
		return err
	}
	return lxc.WriteFile(lentFile(name), append(contents, '\n'))
}

// giveBack gives a card that is home what it had. One that is not there, or was lent again after that time, waits.
func giveBack(host Kernel, name string, ended time.Time) error {
	card, found, err := readLent(name)
	if err != nil || !found || card.At.After(ended) {
		return err
	}
	link, err := linkOf(host, name)
	if err != nil || link == nil {
		return err
	}
	if err := restoreCard(host, link, card); err != nil {
		return fmt.Errorf("%s of the host does not get back its MAC address %s and its MTU %d: %w", name, card.Address,
			card.MTU, err)
	}
	return os.Remove(lentFile(name))
}

func restoreCard(host Kernel, link *kernel.Link, card lentCard) error {
	if link.MTU != card.MTU {
		if err := host.ChangeLink(link.Name, kernel.LinkRequest{MTU: &card.MTU}); err != nil {
			return err
		}
	}
	if link.Address == card.Address || card.Address == "" {
		return nil
	}
	err := host.ChangeLink(link.Name, kernel.LinkRequest{Address: &card.Address})
	if !errors.Is(err, unix.EBUSY) {
		return err
	}
	// Not every driver changes it while the card is up (IFF_LIVE_ADDR_CHANGE in linux/netdevice.h).
	down, up := false, true
	return errors.Join(
		host.ChangeLink(link.Name, kernel.LinkRequest{Up: &down}),
		host.ChangeLink(link.Name, kernel.LinkRequest{Address: &card.Address}),
		host.ChangeLink(link.Name, kernel.LinkRequest{Up: &up}),
	)
}

func linkOf(host Kernel, name string) (*kernel.Link, error) {
	links, err := host.Links()
	if err != nil {
		return nil, err
	}
	for i := range links {
		if links[i].Name == name {
			return &links[i], nil
		}
	}
	return nil, nil
}

// giveBackAll does so for the cards of a container that has just ended, which LXC may still be bringing home.
func (m *Machine) giveBackAll(record *Record, ended time.Time) []error {
	host, err := m.Open("")
	if err != nil {
		return []error{err}
	}
	defer host.Close()
	var problems []error
	const patience, pause = 2 * time.Second, 20 * time.Millisecond
	for _, one := range record.interfaces {
		if one.kind() != Phys || one.Parent == nil {
			continue
		}
		for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(pause) {
			if err := giveBack(host, *one.Parent, ended); err != nil {
				problems = append(problems, err)
				break
			}
			if card, found, _ := readLent(*one.Parent); !found || card.At.After(ended) {
				break
			}
		}
	}
	return problems
}

// planLent writes down what a card is like that LXC is about to lend.
func (p *planner) planLent(c *Container, one *Interface) {
	if one.Parent == nil {
		return
	}
	t := &target{container: c, want: one, final: one}
	p.add(plan.Step{
		Phase: plan.Finish, Action: "note", Object: t.describe(),
		Run: func() error { return noteLent(p.host.kernel, *one.Parent) },
	})
}
