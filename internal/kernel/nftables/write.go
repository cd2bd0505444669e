package nftables

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// transaction gathers messages; the first one that cannot be encoded spoils it.
type transaction struct {
	messages []netlink.Message
	err      error
}

func (t *transaction) add(kind int, flags netlink.HeaderFlags, family Family, list ...netlink.Attribute) {
	one, err := message(kind, flags|netlink.Acknowledge, families[family], list...)
	if err != nil && t.err == nil {
		t.err = err
	}
	t.messages = append(t.messages, one)
}

// Replace puts the table in the place of the one with its name, or of nothing, in one transaction: no packet meets a
// host without the rules. Connections that are tracked keep their translation.
func (c *Conn) Replace(table *Table) error {
	var t transaction
	t.remove(table.Family, table.Name)
	t.add(unix.NFT_MSG_NEWTABLE, netlink.Create, table.Family, text(unix.NFTA_TABLE_NAME, table.Name))
	for i, one := range table.Maps {
		t.addMap(table, one, uint32(i+1))
	}
	for _, chain := range table.Chains {
		t.addChain(table, chain)
	}
	for _, chain := range table.Chains {
		for _, rule := range chain.Rules {
			t.addRule(table.Family, table.Name, chain.Name, rule, netlink.Append)
		}
	}
	if err := c.send(t, table.Family, table.Name); err != nil {
		return fmt.Errorf("cannot replace the nftables table %s %s: %w", table.Family, table.Name, err)
	}
	return nil
}

// Delete removes a table, if there is one.
func (c *Conn) Delete(family Family, name string) error {
	var t transaction
	t.remove(family, name)
	if err := c.send(t, family, name); err != nil {
		return fmt.Errorf("cannot delete the nftables table %s %s: %w", family, name, err)
	}
	return nil
}

// InsertRules puts rules at the head of a chain of somebody else's, in their order.
func (c *Conn) InsertRules(family Family, table, chain string, rules []Rule) error {
	var t transaction
	for _, rule := range slices.Backward(rules) {
		t.addRule(family, table, chain, rule, 0)
	}
	if err := c.send(t, family, table); err != nil {
		return fmt.Errorf("cannot insert rules into the nftables chain %s %s %s: %w", family, table, chain, err)
	}
	return nil
}

// DeleteRules removes the rules with these handles.
func (c *Conn) DeleteRules(family Family, table, chain string, handles []uint64) error {
	var t transaction
	for _, handle := range handles {
		t.add(unix.NFT_MSG_DELRULE, 0, family, text(unix.NFTA_RULE_TABLE, table), text(unix.NFTA_RULE_CHAIN, chain),
			netlink.Attribute{Type: unix.NFTA_RULE_HANDLE, Data: binary.BigEndian.AppendUint64(nil, handle)})
	}
	if err := c.send(t, family, table); err != nil {
		return fmt.Errorf("cannot delete rules from the nftables chain %s %s %s: %w", family, table, chain, err)
	}
	return nil
}

// remove deletes a table that may not be there: adding an existing table changes nothing, so it is made first.
// (NFT_MSG_DESTROYTABLE, which needs no such trick, came with Linux 6.3.)
func (t *transaction) remove(family Family, name string) {
	t.add(unix.NFT_MSG_NEWTABLE, netlink.Create, family, text(unix.NFTA_TABLE_NAME, name))
	t.add(unix.NFT_MSG_DELTABLE, 0, family, text(unix.NFTA_TABLE_NAME, name))
}

func (t *transaction) addChain(table *Table, chain Chain) {
	list := []netlink.Attribute{text(unix.NFTA_CHAIN_TABLE, table.Name), text(unix.NFTA_CHAIN_NAME, chain.Name)}
	if chain.Hook != "" {
		hook, err := netlink.MarshalAttributes([]netlink.Attribute{
			number(unix.NFTA_HOOK_HOOKNUM, uint32(slices.Index(hooks, chain.Hook))),
			number(unix.NFTA_HOOK_PRIORITY, uint32(chain.Priority)),
		})
		if err != nil && t.err == nil {
			t.err = err
		}
		policy := uint32(1) // NF_ACCEPT of linux/netfilter.h
		if chain.Drop {
			policy = 0
		}
		list = append(list, netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_CHAIN_HOOK, Data: hook},
			number(unix.NFTA_CHAIN_POLICY, policy), text(unix.NFTA_CHAIN_TYPE, chain.Type))
	}
	t.add(unix.NFT_MSG_NEWCHAIN, netlink.Create, table.Family, list...)
}

func (t *transaction) addRule(family Family, table, chain string, rule Rule, flags netlink.HeaderFlags) {
	list := []netlink.Attribute{
		text(unix.NFTA_RULE_TABLE, table), text(unix.NFTA_RULE_CHAIN, chain),
		{Type: unix.NLA_F_NESTED | unix.NFTA_RULE_EXPRESSIONS, Data: sendable(rule.Expressions)},
	}
	if len(rule.UserData) > 0 {
		list = append(list, netlink.Attribute{Type: unix.NFTA_RULE_USERDATA, Data: rule.UserData})
	}
	t.add(unix.NFT_MSG_NEWRULE, netlink.Create|flags, family, list...)
}

// sendable makes what the kernel says of a rule into what it takes: it tells the flags of an option that is written
// (nft_exthdr_dump_common) but refuses to be told them (nft_exthdr_tcp_set_init).
func sendable(run []byte) []byte {
	var elements []netlink.Attribute
	for _, e := range expressions(run) {
		var list []netlink.Attribute
		for _, a := range e.attributes {
			if e.name == "exthdr" && a.typ == unix.NFTA_EXTHDR_FLAGS && e.get(unix.NFTA_EXTHDR_SREG) != nil {
				continue
			}
			list = append(list, netlink.Attribute{Type: a.typ, Data: a.data})
		}
		data, _ := netlink.MarshalAttributes(list)
		element, _ := netlink.MarshalAttributes([]netlink.Attribute{
			text(unix.NFTA_EXPR_NAME, e.name), {Type: unix.NLA_F_NESTED | unix.NFTA_EXPR_DATA, Data: data},
		})
		elements = append(elements, netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: element})
	}
	out, _ := netlink.MarshalAttributes(elements)
	return out
}

// send commits the transaction, which is about one table.
func (c *Conn) send(t transaction, family Family, table string) error {
	if t.err != nil || len(t.messages) == 0 {
		return t.err
	}
	if err := c.commit(t.messages); err != nil {
		return err
	}
	// What is known is read anew where this cannot be asked.
	if now, err := c.generation(); err == nil {
		c.known.changed(tableName{family, table}, now)
	}
	return nil
}
