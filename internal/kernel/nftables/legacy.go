package nftables

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

// legacyFamilies are how iptables-legacy's rules are read: by a socket option, as that program does (IPT_SO_GET_INFO
// and IPT_SO_GET_ENTRIES of linux/netfilter_ipv4/ip_tables.h, and the same for IPv6).
var legacyFamilies = []struct {
	family Family
	domain int
	level  int
	names  string // lists the tables that there are; asking for another one would make it
	layout legacyLayout
}{
	{IPv4, unix.AF_INET, unix.SOL_IP, "/proc/thread-self/net/ip_tables_names", layout4},
	{IPv6, unix.AF_INET6, unix.SOL_IPV6, "/proc/thread-self/net/ip6_tables_names", layout6},
}

const (
	getInfo    = 64 // IPT_SO_GET_INFO, IP6T_SO_GET_INFO
	getEntries = 65
)

// LegacyTables reads the filter tables of iptables-legacy and ip6tables-legacy, which nftables knows nothing of. A
// kernel without them, or on which nobody has used them, has none.
func (c *Conn) LegacyTables() ([]*Table, error) {
	type result struct {
		tables []*Table
		err    error
	}
	done := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if c.namespace != nil {
			if err := unix.Setns(c.namespaceFD(), unix.CLONE_NEWNET); err != nil {
				done <- result{err: fmt.Errorf("cannot enter the network namespace: %w", err)}
				return
			}
		}
		var out result
		for _, one := range legacyFamilies {
			names, err := os.ReadFile(one.names)
			if err != nil || !slices.Contains(strings.Fields(string(names)), "filter") {
				continue
			}
			table, err := readLegacy(one.domain, one.level, one.family, one.layout)
			out.tables, out.err = append(out.tables, table), errors.Join(out.err, err)
		}
		done <- out
	}()
	found := <-done
	return slices.DeleteFunc(found.tables, func(t *Table) bool { return t == nil }), found.err
}

// readLegacy asks twice: how large the table is, and for the table.
func readLegacy(domain, level int, family Family, layout legacyLayout) (*Table, error) {
	socket, err := unix.Socket(domain, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return nil, fmt.Errorf("cannot read the rules of iptables-legacy: %w", err)
	}
	defer func() { _ = unix.Close(socket) }()
	// struct ipt_getinfo: name, valid hooks, where each hook begins and ends, number of entries, their size.
	const nameSize, hookAt, endAt, sizeAt, infoSize = 32, 36, 56, 80, 84
	info := make([]byte, infoSize)
	copy(info, "filter")
	if err := getOption(socket, level, getInfo, info); err != nil {
		return nil, fmt.Errorf("cannot read the rules of iptables-legacy: %w", err)
	}
	size := int(native(info[sizeAt:]))
	const headSize = 40 // struct ipt_get_entries: name, size, entries aligned to eight bytes
	entries := make([]byte, headSize+size)
	copy(entries, "filter")
	binary.NativeEndian.PutUint32(entries[nameSize:], uint32(size))
	if err := getOption(socket, level, getEntries, entries); err != nil {
		return nil, fmt.Errorf("cannot read the rules of iptables-legacy: %w", err)
	}
	hookStarts := map[uint32]string{}
	for number, hook := range hooks[:5] {
		if native(info[nameSize:])&(1<<number) != 0 {
			hookStarts[native(info[hookAt+4*number:])] = hook
		}
	}
	return layout.table(family, entries[headSize:], hookStarts)
}

func getOption(socket, level, option int, buffer []byte) error {
	size := uint32(len(buffer))
	_, _, problem := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), uintptr(level), uintptr(option),
		uintptr(unsafe.Pointer(&buffer[0])), uintptr(unsafe.Pointer(&size)), 0)
	if problem != 0 {
		return problem
	}
	return nil
}

// legacyLayout is where the parts of an entry are: struct ipt_entry or ip6t_entry.
type legacyLayout struct {
	address            int // the size of one: source, destination and their masks come first, one after the other
	links              int // the names of both links, and their masks, 16 bytes each
	protocol           int
	protocolSize       int
	flags, inversions  int
	target, next, size int // where these offsets are, and where matches begin
	gotoFlag           byte
	source             uint32 // in an IP header
	destination        uint32
}

var (
	layout4 = legacyLayout{4, 16, 80, 2, 82, 83, 88, 90, 112, 0x02, 12, 16}
	layout6 = legacyLayout{16, 64, 128, 2, 131, 132, 140, 142, 168, 0x04, 8, 24}
)

// What is inverted in an entry (IPT_INV_* of linux/netfilter_ipv4/ip_tables.h).
const (
	invertIn          = 0x01
	invertOut         = 0x02
	invertSource      = 0x08
	invertDestination = 0x10
	invertFragment    = 0x20
	invertProtocol    = 0x40
)

var errLegacy = errors.New("the kernel's table of iptables-legacy is not understood")

// table turns entries into chains with rules such as iptables-nft makes of them, so that packets are followed through
// both alike.
func (l legacyLayout) table(family Family, entries []byte, hookStarts map[uint32]string) (*Table, error) {
	out := &Table{Family: family, Name: "filter", Legacy: true}
	starts := map[int]string{} // the names of chains, by where their first rule is
	type jump struct {
		chain, rule, to int
		isGoto          bool
	}
	var jumps []jump
	for at := 0; at < len(entries); {
		entry := entries[at:]
		if len(entry) < l.size {
			return nil, errLegacy
		}
		target, next := int(binary.NativeEndian.Uint16(entry[l.target:])), int(binary.NativeEndian.Uint16(entry[l.next:]))
		const targetHead = 32 // struct xt_entry_target: size, name, revision
		if target < l.size || next < target+targetHead || next > len(entry) {
			return nil, errLegacy
		}
		name, data := unix.ByteSliceToString(entry[target+2:target+31]), entry[target+targetHead:next]
		if name == "ERROR" { // begins a chain of the user's, or ends the table
			starts[at+next] = unix.ByteSliceToString(data)
			out.Chains = append(out.Chains, Chain{Name: starts[at+next]})
			at += next
			continue
		}
		if hook, begins := hookStarts[uint32(at)]; begins {
			starts[at] = strings.ToUpper(hook)
			out.Chains = append(out.Chains, Chain{Name: starts[at], Hook: hook, Type: "filter"})
		}
		if len(out.Chains) == 0 {
			return nil, errLegacy
		}
		parts := l.matches(entry[:target])
		chain := &out.Chains[len(out.Chains)-1]
		if name == "" && len(data) >= 4 {
			verdict := int32(binary.NativeEndian.Uint32(data))
			if verdict >= 0 && int(verdict) != at+next {
				jumps = append(jumps, jump{len(out.Chains) - 1, len(chain.Rules), int(verdict), entry[l.flags]&l.gotoFlag != 0})
			} else if verdict < 0 {
				parts = append(parts, verdictExpression(standardVerdict(verdict), ""))
			}
		} else if name != "" {
			parts = append(parts,
				attributesOf("target", netlink.Attribute{Type: unix.NFTA_TARGET_NAME, Data: append([]byte(name), 0)}))
		}
		chain.Rules = append(chain.Rules, Rule{Expressions: joined(parts)})
		at += next
	}
	for _, one := range jumps {
		rule := &out.Chains[one.chain].Rules[one.rule]
		code := int32(unix.NFT_JUMP)
		if one.isGoto {
			code = unix.NFT_GOTO
		}
		rule.Expressions = slices.Concat(rule.Expressions, joined([][]byte{verdictExpression(code, starts[one.to])}))
	}
	out.policies()
	return out, nil
}

// policies turns the last rule of each base chain into its policy, and leaves the mark of the table's end out.
func (t *Table) policies() {
	t.Chains = slices.DeleteFunc(t.Chains, func(c Chain) bool { return c.Hook == "" && c.Name == "ERROR" })
	for i := range t.Chains {
		chain := &t.Chains[i]
		if chain.Hook == "" || len(chain.Rules) == 0 {
			continue
		}
		last := chain.Rules[len(chain.Rules)-1]
		for _, e := range expressions(last.Expressions) {
			if kind, _ := verdictOf(e.get(unix.NFTA_IMMEDIATE_DATA)); kind == "drop" {
				chain.Drop = true
			}
		}
		chain.Rules = chain.Rules[:len(chain.Rules)-1]
	}
}

// standardVerdict is nftables' for one of iptables: -1 drops, -2 accepts, -5 returns (XT_RETURN).
func standardVerdict(verdict int32) int32 {
	const drop, accept = -1, -2
	switch verdict {
	case drop:
		return 0
	case accept:
		return 1
	}
	return unix.NFT_RETURN
}

// matches are an entry's, as expressions of nftables.
func (l legacyLayout) matches(entry []byte) [][]byte {
	inverted := entry[l.inversions]
	var out [][]byte
	compareTo := func(value []byte, invert bool) {
		op := uint32(unix.NFT_CMP_EQ)
		if invert {
			op = unix.NFT_CMP_NEQ
		}
		out = append(out, attributesOf("cmp", number(unix.NFTA_CMP_SREG, unix.NFT_REG_1), number(unix.NFTA_CMP_OP, op),
			nestedValue(unix.NFTA_CMP_DATA, value)))
	}
	for i, link := range []struct {
		key    uint32
		invert byte
	}{{unix.NFT_META_IIFNAME, invertIn}, {unix.NFT_META_OIFNAME, invertOut}} {
		name, mask := entry[l.links+16*i:][:16], entry[l.links+32+16*i:][:16]
		if length := len(bytes.TrimRight(mask, "\x00")); length > 0 {
			out = append(out, attributesOf("meta", number(unix.NFTA_META_KEY, link.key),
				number(unix.NFTA_META_DREG, unix.NFT_REG_1)))
			compareTo(name[:length], inverted&link.invert != 0)
		}
	}
	for i, one := range []struct {
		offset uint32
		invert byte
	}{{l.source, invertSource}, {l.destination, invertDestination}} {
		address, mask := entry[l.address*i:][:l.address], entry[l.address*(2+i):][:l.address]
		if bytes.Equal(mask, make([]byte, l.address)) && inverted&one.invert == 0 {
			continue
		}
		out = append(out, attributesOf("payload", number(unix.NFTA_PAYLOAD_DREG, unix.NFT_REG_1),
			number(unix.NFTA_PAYLOAD_BASE, unix.NFT_PAYLOAD_NETWORK_HEADER),
			number(unix.NFTA_PAYLOAD_OFFSET, one.offset), number(unix.NFTA_PAYLOAD_LEN, uint32(l.address))))
		if prefix := prefixOf(address, mask); prefix.Bits() != 8*l.address {
			out = append(out, attributesOf("bitwise", number(unix.NFTA_BITWISE_SREG, unix.NFT_REG_1),
				number(unix.NFTA_BITWISE_DREG, unix.NFT_REG_1),
				nestedValue(unix.NFTA_BITWISE_MASK, mask), nestedValue(unix.NFTA_BITWISE_XOR, make([]byte, l.address))))
		}
		compareTo(address, inverted&one.invert != 0)
	}
	if protocol := binary.NativeEndian.Uint16(entry[l.protocol:]); protocol != 0 {
		out = append(out, attributesOf("meta", number(unix.NFTA_META_KEY, unix.NFT_META_L4PROTO),
			number(unix.NFTA_META_DREG, unix.NFT_REG_1)))
		compareTo([]byte{byte(protocol)}, inverted&invertProtocol != 0)
	}
	if inverted&invertFragment != 0 || entry[l.flags]&1 != 0 && l.address == net4 {
		out = append(out, attributesOf("fragment")) // of fragments nothing is known
	}
	const matchHead = 32 // struct xt_entry_match: size, name, revision
	for rest := entry[l.size:]; len(rest) >= matchHead; {
		size := int(binary.NativeEndian.Uint16(rest))
		if size < matchHead || size > len(rest) {
			break
		}
		out = append(out, attributesOf("match",
			netlink.Attribute{Type: unix.NFTA_MATCH_NAME, Data: append([]byte(unix.ByteSliceToString(rest[2:31])), 0)},
			number(unix.NFTA_MATCH_REV, uint32(rest[31])),
			netlink.Attribute{Type: unix.NFTA_MATCH_INFO, Data: rest[matchHead:size]}))
		rest = rest[size:]
	}
	return out
}

const net4 = 4

// attributesOf is an expression as it travels.
func attributesOf(name string, list ...netlink.Attribute) []byte {
	data, _ := netlink.MarshalAttributes(list)
	element, _ := netlink.MarshalAttributes([]netlink.Attribute{
		text(unix.NFTA_EXPR_NAME, name), {Type: unix.NLA_F_NESTED | unix.NFTA_EXPR_DATA, Data: data},
	})
	return element
}

func nestedValue(typ uint16, value []byte) netlink.Attribute {
	data, _ := netlink.MarshalAttributes([]netlink.Attribute{{Type: unix.NFTA_DATA_VALUE, Data: value}})
	return netlink.Attribute{Type: unix.NLA_F_NESTED | typ, Data: data}
}

func verdictExpression(code int32, chain string) []byte {
	list := []netlink.Attribute{number(unix.NFTA_VERDICT_CODE, uint32(code))}
	if chain != "" {
		list = append(list, text(unix.NFTA_VERDICT_CHAIN, chain))
	}
	verdict, _ := netlink.MarshalAttributes(list)
	data, _ := netlink.MarshalAttributes([]netlink.Attribute{
		{Type: unix.NLA_F_NESTED | unix.NFTA_DATA_VERDICT, Data: verdict}})
	return attributesOf("immediate", number(unix.NFTA_IMMEDIATE_DREG, unix.NFT_REG_VERDICT),
		netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_IMMEDIATE_DATA, Data: data})
}

func joined(elements [][]byte) []byte {
	list := make([]netlink.Attribute, len(elements))
	for i, element := range elements {
		list[i] = netlink.Attribute{Type: unix.NLA_F_NESTED | unix.NFTA_LIST_ELEM, Data: element}
	}
	out, _ := netlink.MarshalAttributes(list)
	return out
}
