package nftables

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

var families = map[Family]byte{
	INet: unix.NFPROTO_INET, IPv4: unix.NFPROTO_IPV4, IPv6: unix.NFPROTO_IPV6,
	ARP: unix.NFPROTO_ARP, Bridge: unix.NFPROTO_BRIDGE, NetDev: unix.NFPROTO_NETDEV,
}

// hooks are the kernel's numbers for the families inet, ip, ip6 and bridge (linux/netfilter.h).
var hooks = []string{"prerouting", "input", "forward", "output", "postrouting"}

// Detail is how much of a table is read.
type Detail int

// Not at all, chains and rules, or the contents of maps as well.
const (
	Nothing Detail = iota
	Rules
	Contents
)

// Tables reads every table in the detail that is wanted.
func (c *Conn) Tables(want func(Family, string) Detail) ([]*Table, error) {
	var tables []*Table
	err := c.stable(func(generation uint32) (err error) {
		tables, err = c.read(generation, want)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot read the nftables rules: %w", err)
	}
	return tables, nil
}

// Table reads one table; nil is "there is none".
func (c *Conn) Table(family Family, name string) (*Table, error) {
	tables, err := c.Tables(func(f Family, n string) Detail {
		if f == family && n == name {
			return Contents
		}
		return Nothing
	})
	if err != nil || len(tables) == 0 {
		return nil, err
	}
	return tables[0], nil
}

func (c *Conn) read(generation uint32, want func(Family, string) Detail) ([]*Table, error) {
	earlier := c.known.at(generation)
	library, err := c.library()
	if err != nil {
		return nil, err
	}
	listed, err := library.ListTables()
	if err != nil {
		return nil, explain(err)
	}
	chains, err := library.ListChains()
	if err != nil {
		return nil, explain(err)
	}
	var tables []*Table
	for _, one := range listed {
		family, known := familyNamed(byte(one.Family))
		if !known {
			continue
		}
		detail := want(family, one.Name)
		if detail == Nothing {
			continue
		}
		if table := earlier.tables[tableName{family, one.Name}]; table != nil && detail == Rules {
			tables = append(tables, table)
			continue
		}
		sets, maps, err := c.sets(family, one.Name, detail == Contents)
		if err != nil {
			return nil, err
		}
		table := &Table{Family: family, Name: one.Name, Maps: maps, sets: sets}
		rules, err := c.rules(family, one.Name)
		if err != nil {
			return nil, err
		}
		for _, chain := range chains {
			if chain.Table.Family == one.Family && chain.Table.Name == one.Name {
				table.Chains = append(table.Chains, chainOf(chain, rules[chain.Name]))
			}
		}
		tables = append(tables, table)
		if detail == Rules {
			earlier.tables[tableName{family, one.Name}] = table
		}
	}
	return tables, nil
}

func familyNamed(number byte) (Family, bool) {
	for name, n := range families {
		if n == number {
			return name, true
		}
	}
	return "", false
}

func chainOf(chain *nftables.Chain, rules []Rule) Chain {
	out := Chain{Name: chain.Name, Type: string(chain.Type), Rules: rules}
	if chain.Hooknum != nil {
		out.Hook = "other"
		if int(*chain.Hooknum) < len(hooks) {
			out.Hook = hooks[*chain.Hooknum]
		}
	}
	if chain.Priority != nil {
		out.Priority = int32(*chain.Priority)
	}
	out.Drop = chain.Policy != nil && *chain.Policy == nftables.ChainPolicyDrop
	return out
}

// rules reads the rules of all chains of a table, by chain. The expressions stay as the kernel sent them, since a
// library that knows only some of them would not see what somebody added.
func (c *Conn) rules(family Family, table string) (map[string][]Rule, error) {
	socket, err := c.dial()
	if err != nil {
		return nil, err
	}
	defer func() { _ = socket.Close() }()
	request, err := message(unix.NFT_MSG_GETRULE, netlink.Dump, families[family], text(unix.NFTA_RULE_TABLE, table))
	if err != nil {
		return nil, err
	}
	rules := map[string][]Rule{}
	err = stream(socket, request, func(kind netlink.HeaderType, data []byte) {
		if len(data) < 4 || kind != messageType(unix.NFT_MSG_NEWRULE) {
			return
		}
		if of, chain, rule := ruleOf(data[4:]); of == table {
			rules[chain] = append(rules[chain], rule)
		}
	})
	if err != nil {
		return nil, fmt.Errorf("table %s %s: %w", family, table, explain(err))
	}
	return rules, nil
}

// ruleOf is a rule with the table and the chain that it is in.
func ruleOf(run []byte) (table, chain string, rule Rule) {
	for _, a := range attributes(run) {
		switch a.typ {
		case unix.NFTA_RULE_TABLE:
			table = unix.ByteSliceToString(a.data)
		case unix.NFTA_RULE_CHAIN:
			chain = unix.ByteSliceToString(a.data)
		case unix.NFTA_RULE_HANDLE:
			if len(a.data) == 8 {
				rule.Handle = binary.BigEndian.Uint64(a.data)
			}
		case unix.NFTA_RULE_EXPRESSIONS:
			rule.Expressions = slices.Clone(a.data)
		case unix.NFTA_RULE_USERDATA:
			rule.UserData = slices.Clone(a.data)
		}
	}
	return table, chain, rule
}
