#!/bin/bash
# Installs what building and testing need on a bare Debian 12 or 13, and nothing that is there already; with the argument
# checkers, also what only the linters and the packages' tests need.
set -euo pipefail

need=()
want() { # command package…
	command -v "$1" >/dev/null 2>&1 || need+=("${@:2}")
}
want git git
want gcc gcc libc6-dev
want pkg-config pkg-config
want ip iproute2
want ping iputils-ping
want nft nftables
want qemu-system-x86_64 qemu-system-x86
want mmdebstrap mmdebstrap
want mke2fs e2fsprogs
want xz xz-utils
want gpg gpg
# Reads the packages that are made for other distributions.
want rpm rpm
# A checkout links this host's liblxc (the artifact links another one's), and the tests start real containers and a real dnsmasq.
pkg-config --exists lxc 2>/dev/null || need+=(lxc-dev)
want lxc-start lxc
want dnsmasq dnsmasq-base
want busybox busybox-static
# Draws SVG, as a witness of the pictures; it needs a font.
want rsvg-convert librsvg2-bin
fc-list 2>/dev/null | grep -q . || need+=(fonts-dejavu-core)
# Debian's busybox has no client for DHCPv6.
want dhclient isc-dhcp-client
# Starts the arm64 binaries.
want qemu-aarch64 qemu-user
want ssh openssh-client
want python3 python3
want ansible-playbook ansible-core
if [[ ${1-} == checkers ]]; then
	# Views the documentation site.
	want chromium-headless-shell chromium-headless-shell
	want lintian lintian
fi
python3 -c 'import venv, ensurepip' >/dev/null 2>&1 || need+=(python3-venv)

# go.mod's own version is fetched by any Go from 1.21 on; Debian 12 has one only in its backports.
newest_go() {
	local version
	version=$(go env GOVERSION 2>/dev/null) || return 1
	[[ $version =~ ^go1\.([0-9]+) ]] && ((BASH_REMATCH[1] >= 21))
}
release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
backport=
if ! newest_go; then
	if [[ $release == bookworm ]]; then
		backport=golang-1.23-go
	else
		need+=(golang-go)
	fi
fi

if ((${#need[@]} == 0)) && [[ -z $backport ]]; then
	exit 0
fi
if ((EUID != 0)); then
	echo "run as root, or install first: ${need[*]} $backport" >&2
	exit 1
fi
export DEBIAN_FRONTEND=noninteractive DEBCONF_NOWARNINGS=yes
echo "installing ${need[*]} $backport: this takes some minutes"
if [[ -n $backport ]] && ! apt-cache policy 2>/dev/null | grep -q bookworm-backports; then
	mirror=$(grep -rhoE 'https?://[^ ]+' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | grep -m1 -E '/debian/?$' || true)
	if [[ -z $mirror ]]; then
		echo "no Debian mirror found in /etc/apt: add bookworm-backports there, or install Go 1.21 or newer" >&2
		exit 1
	fi
	cat >/etc/apt/sources.list.d/hostnet-backports.list <<-LIST
		deb $mirror bookworm-backports main
	LIST
fi
apt-get update -qq
((${#need[@]} == 0)) || apt-get install -y -qq --no-install-recommends "${need[@]}" >/dev/null
[[ -z $backport ]] || apt-get install -y -qq --no-install-recommends -t bookworm-backports "$backport" >/dev/null
