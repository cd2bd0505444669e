package nftables

import (
	"testing"

	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"
)

func traceMessage(t testing.TB, list ...netlink.Attribute) netlink.Message {
	t.Helper()
	one, err := message(unix.NFT_MSG_TRACE, 0, unix.NFPROTO_IPV4, list...)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

// TestTracedVerdict: of all that the kernel tells of a traced packet, what drops it counts.
func TestTracedVerdict(t *testing.T) {
	nested := func(code uint32) netlink.Attribute {
		data, _ := netlink.MarshalAttributes([]netlink.Attribute{number(unix.NFTA_VERDICT_CODE, code)})
		return netlink.Attribute{Type: unix.NFTA_TRACE_VERDICT, Data: data}
	}
	place := []netlink.Attribute{text(unix.NFTA_TRACE_TABLE, "f"), text(unix.NFTA_TRACE_CHAIN, "c")}
	handle := netlink.Attribute{Type: unix.NFTA_TRACE_RULE_HANDLE, Data: []byte{0, 0, 0, 0, 0, 0, 0, 5}}
	rule, policy := number(unix.NFTA_TRACE_TYPE, unix.NFT_TRACETYPE_RULE),
		number(unix.NFTA_TRACE_TYPE, unix.NFT_TRACETYPE_POLICY)
	for name, one := range map[string]struct {
		list []netlink.Attribute
		want string
	}{
		"a rule that drops":        {append(place, handle, rule, nested(0)), "the rule with handle 5 of chain ip f c"},
		"a rule that accepts":      {append(place, handle, rule, nested(1)), ""},
		"a rule that jumps":        {append(place, handle, rule, nested(0xfffffffd)), ""},
		"a policy that drops":      {append(place, policy, number(unix.NFTA_TRACE_POLICY, 0)), "the policy of chain ip f c"},
		"a policy that accepts":    {append(place, policy, number(unix.NFTA_TRACE_POLICY, 1)), ""},
		"nothing":                  {nil, ""},
		"a rule without a verdict": {append(place, handle, rule), ""},
	} {
		verdict, drops := tracedVerdict(traceMessage(t, one.list...))
		if drops != (one.want != "") || drops && verdict.String() != one.want {
			t.Errorf("%s: %s, %t", name, verdict, drops)
		}
	}
}

// FuzzTracedVerdict: whatever the kernel says, it is read without a fault.
func FuzzTracedVerdict(f *testing.F) {
	f.Add(traceMessage(f, text(unix.NFTA_TRACE_TABLE, "f"), number(unix.NFTA_TRACE_TYPE, 3)).Data)
	f.Add([]byte{2, 0, 0, 0, 4, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		one := netlink.Message{Header: netlink.Header{Type: messageType(unix.NFT_MSG_TRACE)}, Data: data}
		if verdict, drops := tracedVerdict(one); drops && verdict.String() == "" {
			t.Error("a verdict without words")
		}
	})
}
