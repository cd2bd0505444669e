package undeclared

import "fmt"

// The files below /proc/sys/net/ipv4/conf/LINK and ipv6/conf/LINK, in the order of the kernel's answer about a link:
// IPV4_DEVCONF_* of linux/ip.h less one, and DEVCONF_* of linux/ipv6.h. Those that nobody can write are "".
var (
	ipv4Files = [...]string{
		"forwarding", "", "proxy_arp", "accept_redirects", "secure_redirects", "send_redirects", "shared_media", "rp_filter",
		"accept_source_route", "bootp_relay", "log_martians", "tag", "arp_filter", "medium_id", "disable_xfrm",
		"disable_policy",
		"force_igmp_version", "arp_announce", "arp_ignore", "promote_secondaries", "arp_accept", "arp_notify", "accept_local",
		"src_valid_mark", "proxy_arp_pvlan", "route_localnet", "igmpv2_unsolicited_report_interval",
		"igmpv3_unsolicited_report_interval", "ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast",
		"drop_gratuitous_arp",
		"bc_forwarding", "arp_evict_nocarrier",
	}
	ipv6Files = [...]string{
		"forwarding", "hop_limit", "mtu", "accept_ra", "accept_redirects", "autoconf", "dad_transmits",
		"router_solicitations",
		"router_solicitation_interval", "router_solicitation_delay", "use_tempaddr", "temp_valid_lft",
		"temp_prefered_lft", //nolint:misspell // the kernel's own spelling
		"regen_max_retry", "max_desync_factor", "max_addresses", "force_mld_version", "accept_ra_defrtr", "accept_ra_pinfo",
		"accept_ra_rtr_pref", "router_probe_interval", "accept_ra_rt_info_max_plen", "proxy_ndp", "optimistic_dad",
		"accept_source_route", "", "disable_ipv6", "accept_dad", "force_tllao", "ndisc_notify",
		"mldv1_unsolicited_report_interval",
		"mldv2_unsolicited_report_interval", "suppress_frag_ndisc", "accept_ra_from_local", "use_optimistic", "accept_ra_mtu",
		"",
		"use_oif_addrs_only", "accept_ra_min_hop_limit", "ignore_routes_with_linkdown", "drop_unicast_in_l2_multicast",
		"drop_unsolicited_na", "keep_addr_on_down", "router_solicitation_max_interval", "seg6_enabled", "seg6_require_hmac",
		"enhanced_dad", "addr_gen_mode", "disable_policy", "accept_ra_rt_info_min_plen", "ndisc_tclass", "rpl_seg_enabled",
		"ra_defrtr_metric", "ioam6_enabled", "", "", "ndisc_evict_nocarrier", "accept_untracked_na", "accept_ra_min_lft",
		"force_forwarding",
	}
)

// inSeconds are told in milliseconds and written in seconds (proc_dointvec_jiffies in addrconf_sysctl).
var inSeconds = map[string]bool{
	"router_solicitation_interval": true, "router_solicitation_delay": true, "router_probe_interval": true,
	"router_solicitation_max_interval": true,
}

// settingChange is a setting that differs.
type settingChange struct {
	path       string
	old, fresh int32
}

func (c settingChange) name() string { return "net/" + c.path }

// settingChanges are the settings of a link that differ, for the protocols that it had and has.
func settingChanges(link string, was, is *Link) []settingChange {
	var all []settingChange
	compare := func(family string, files []string, was, is []int32) {
		for i, file := range files {
			if file == "" || i >= len(was) || i >= len(is) || was[i] == is[i] {
				continue
			}
			change := settingChange{fmt.Sprintf("%s/conf/%s/%s", family, link, file), is[i], was[i]}
			if inSeconds[file] {
				const milliseconds = 1000
				change.old, change.fresh = change.old/milliseconds, change.fresh/milliseconds
			}
			all = append(all, change)
		}
	}
	compare("ipv4", ipv4Files[:], was.IPv4, is.IPv4)
	compare("ipv6", ipv6Files[:], was.IPv6, is.IPv6)
	return all
}

// MakesNoAddresses tells a link on which the kernel makes no link-local address by itself (IN6_ADDR_GEN_MODE_NONE).
func (l *Link) MakesNoAddresses() bool {
	const mode, none = 47, 1 // DEVCONF_ADDR_GEN_MODE of linux/ipv6.h
	return len(l.IPv6) > mode && l.IPv6[mode] == none
}
