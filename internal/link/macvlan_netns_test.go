//go:build netns

package link_test

import (
	"testing"

	"hostnet.linux/internal/link"
)

var macvlanOptions = []option{
	{name: "parent", place: "link", values: [][2]string{{`"a0"`, `"a0"`}, {`"a1"`, `"a1"`}}},
	{name: "mode", with: onA0, place: data + "mode", values: [][2]string{
		{`"private"`, `"private"`}, {`"bridge"`, `"bridge"`}, {`"source"`, `"source"`}, {`"passthru"`, `"passthru"`},
		{`"vepa"`, `"vepa"`},
	}},
	{name: "nopromisc", with: onA0 + `, "mode": "passthru"`, place: data + "nopromisc",
		values: [][2]string{{"true", "true"}, {"false", "null"}}},
	{name: "source_macs", with: onA0 + `, "mode": "source"`, place: data + "macaddr_data", values: [][2]string{
		{`["02:00:00:00:00:aa"]`, `["02:00:00:00:00:aa"]`}, {`["02:00:00:00:00:bb"]`, `["02:00:00:00:00:bb"]`},
		{`[]`, "null"},
	}},
	{name: "bc_queue_len", with: onA0, place: data + "bcqueuelen",
		values: [][2]string{{"500", "500"}, {"2000", "2000"}, {"1000", "1000"}}},
	{name: "bc_cutoff", with: onA0, place: data + "bclim", since: "6.4", shown: "6.4",
		values: [][2]string{{"3", "3"}, {"-1", "-1"}, {"1", "null"}}},
}

const onA0 = `"parent": "a0"`

func TestMacvlanOptions(t *testing.T) {
	complete(t, link.Macvlan, macvlanOptions, everywhere...)
	need(t, link.Macvlan)
	t.Parallel()
	try(t, link.Macvlan, `"name": "x0"`, "x0", macvlanOptions)
}
