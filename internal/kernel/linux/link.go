package linux

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"slices"

	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// fewLinks is what there is room for at first.
const fewLinks = 64

// Links lists every link of the namespace.
func (h *Handle) Links() ([]kernel.Link, error) {
	var links []kernel.Link
	var last settings
	request := h.request(unix.RTM_GETLINK, 0)
	request.AddData(nl.NewIfInfomsg(unix.AF_UNSPEC))
	// The statistics are most of the answer, and nobody here reads them.
	request.AddData(nl.NewRtAttr(unix.IFLA_EXT_MASK, nl.Uint32Attr(skipStatistics)))
	err := h.dump(request, func() { links = links[:0] }, func(message []byte) error {
		if len(links) == cap(links) {
			// Growing by fourths, as append does, costs more than the reading.
			links = slices.Grow(links, max(len(links), fewLinks))
		}
		link, err := decodeLink(message, &last)
		link.Reading = h.nextReading()
		links = append(links, link)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cannot list the links: %w", err)
	}
	h.indexes, h.names = make(map[string]int, len(links)), make(map[int]string, len(links))
	for i := range links {
		h.remember(links[i].Name, links[i].Index)
	}
	return links, nil
}

// CreateLink makes a link, and the other end of a veth pair with it.
func (h *Handle) CreateLink(request kernel.LinkRequest) error {
	if request.Kind != "bridge" || request.MTU == nil {
		return h.createLink(request)
	}
	// A bridge goes by its ports' MTU until its own is changed; one that it was made with does not count
	// (BROPT_MTU_SET_BY_USER in net/bridge/br_device.c).
	mtu, other := *request.MTU, *request.MTU^1
	request.MTU = &other
	if err := h.createLink(request); err != nil {
		return err
	}
	if err := h.ChangeLink(request.Name, kernel.LinkRequest{MTU: &mtu}); err != nil {
		return errors.Join(err, h.DeleteLink(request.Name))
	}
	return nil
}

func (h *Handle) createLink(request kernel.LinkRequest) error {
	message := h.request(unix.RTM_NEWLINK, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(request.Index)
	if err := h.fill(message, header, request); err != nil {
		return err
	}
	if request.Parent != "" {
		parent, err := h.index(request.Parent)
		if err != nil {
			return err
		}
		message.AddData(nl.NewRtAttr(unix.IFLA_LINK, nl.Uint32Attr(uint32(parent))))
	}
	info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
	info.AddRtAttr(unix.IFLA_INFO_KIND, nl.NonZeroTerminated(request.Kind))
	if request.Peer != nil {
		if err := h.addPeer(info, request.Peer); err != nil {
			return err
		}
	} else if err := h.addAttributes(info, unix.IFLA_INFO_DATA, request.Data); err != nil {
		return err
	}
	message.AddData(info)
	h.forget(request.Name)
	if err := h.change(message); err != nil {
		return unknownKind(request.Kind, err)
	}
	if request.Peer == nil || !request.Peer.Up {
		return nil
	}
	return h.raisePeer(request.Peer)
}

// raisePeer brings up the far end, which the kernel refuses to do while it makes the pair (veth_open wants both ends).
func (h *Handle) raisePeer(peer *kernel.Peer) error {
	up := true
	if peer.Namespace == "" {
		return h.ChangeLink(peer.Name, kernel.LinkRequest{Up: &up})
	}
	there, err := Open(peer.Namespace)
	if err != nil {
		return err
	}
	defer there.Close()
	return there.ChangeLink(peer.Name, kernel.LinkRequest{Up: &up})
}

// addPeer describes the far end of a veth pair, VETH_INFO_PEER in linux/veth.h.
func (h *Handle) addPeer(info *nl.RtAttr, peer *kernel.Peer) error {
	const vethInfoPeer = 1
	data := info.AddRtAttr(unix.IFLA_INFO_DATA, nil)
	attribute := data.AddRtAttr(vethInfoPeer, nil)
	header := nl.NewIfInfomsgChild(attribute, unix.AF_UNSPEC)
	header.Index = int32(peer.Index)
	attribute.AddRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(peer.Name))
	if peer.MTU != nil {
		attribute.AddRtAttr(unix.IFLA_MTU, nl.Uint32Attr(*peer.MTU))
	}
	if peer.Address != nil {
		address, err := net.ParseMAC(*peer.Address)
		if err != nil {
			return fmt.Errorf("peer %s: %w", peer.Name, err)
		}
		attribute.AddRtAttr(unix.IFLA_ADDRESS, address)
	}
	h.forget(peer.Name)
	if peer.Namespace == "" {
		return nil
	}
	fd, err := h.openNamespace(peer.Namespace)
	if err != nil {
		return fmt.Errorf("peer %s: %w", peer.Name, err)
	}
	attribute.AddRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(fd))
	return nil
}

// openNamespace gives a file number that stands for another namespace until the handle is closed, since it must be
// valid when the request is sent.
func (h *Handle) openNamespace(namespace string) (uint32, error) {
	file, err := kernel.OpenNamespace(NamespacePath(namespace))
	if err != nil {
		return 0, fmt.Errorf("network namespace %q: %w", namespace, err)
	}
	h.files = append(h.files, file)
	return uint32(file.Fd()), nil
}

// ChangeLink alters a link in one message, which the kernel takes as a whole or not (but for a few options of a
// bond that it sets one by one).
func (h *Handle) ChangeLink(name string, request kernel.LinkRequest) error {
	index, err := h.index(name)
	if err != nil {
		return err
	}
	h.changed(index)
	message := h.request(unix.RTM_NEWLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	if request.Name == name {
		request.Name = ""
	}
	if err := h.fill(message, header, request); err != nil {
		return err
	}
	if len(request.Data) > 0 || len(request.PortData) > 0 {
		info := nl.NewRtAttr(unix.IFLA_LINKINFO, nil)
		if len(request.Data) > 0 {
			info.AddRtAttr(unix.IFLA_INFO_KIND, nl.NonZeroTerminated(request.Kind))
		} else {
			info.AddRtAttr(unix.IFLA_INFO_SLAVE_KIND, nl.NonZeroTerminated(request.Kind))
		}
		if err := h.addAttributes(info, unix.IFLA_INFO_DATA, request.Data); err != nil {
			return err
		}
		if err := h.addAttributes(info, unix.IFLA_INFO_SLAVE_DATA, request.PortData); err != nil {
			return err
		}
		message.AddData(info)
	}
	if request.Name != "" || request.Namespace != "" {
		h.forget(name)
		h.forget(request.Name)
	}
	return h.change(message)
}

// fill adds what creation and change have in common.
func (h *Handle) fill(message *nl.NetlinkRequest, header *nl.IfInfomsg, request kernel.LinkRequest) error {
	if request.Up != nil {
		header.Change |= unix.IFF_UP
		if *request.Up {
			header.Flags |= unix.IFF_UP
		}
	}
	if request.Flags != nil {
		header.Change |= kernel.FlagsToSet()
		header.Flags |= *request.Flags & kernel.FlagsToSet()
	}
	message.AddData(header)
	if request.Name != "" {
		message.AddData(nl.NewRtAttr(unix.IFLA_IFNAME, nl.ZeroTerminated(request.Name)))
	}
	if request.Namespace != "" {
		fd, err := h.openNamespace(request.Namespace)
		if err != nil {
			return err
		}
		message.AddData(nl.NewRtAttr(unix.IFLA_NET_NS_FD, nl.Uint32Attr(fd)))
	}
	if request.MTU != nil {
		message.AddData(nl.NewRtAttr(unix.IFLA_MTU, nl.Uint32Attr(*request.MTU)))
	}
	if request.Alias != nil {
		message.AddData(nl.NewRtAttr(unix.IFLA_IFALIAS, nl.NonZeroTerminated(*request.Alias)))
	}
	if request.Group != nil {
		message.AddData(nl.NewRtAttr(unix.IFLA_GROUP, nl.Uint32Attr(*request.Group)))
	}
	if request.TransmitQueue != nil {
		message.AddData(nl.NewRtAttr(unix.IFLA_TXQLEN, nl.Uint32Attr(*request.TransmitQueue)))
	}
	if request.Address != nil {
		address, err := net.ParseMAC(*request.Address)
		if err != nil {
			return fmt.Errorf("link %s: %w", request.Name, err)
		}
		message.AddData(nl.NewRtAttr(unix.IFLA_ADDRESS, address))
	}
	if request.Controller != nil {
		controller := 0
		if *request.Controller != "" {
			index, err := h.index(*request.Controller)
			if err != nil {
				return err
			}
			controller = index
		}
		message.AddData(nl.NewRtAttr(unix.IFLA_MASTER, nl.Uint32Attr(uint32(controller))))
	}
	return nil
}

// addAttributes nests the attributes, with links' names turned into their numbers.
func (h *Handle) addAttributes(info *nl.RtAttr, nest int, attributes kernel.Attributes) error {
	if len(attributes) == 0 {
		return nil
	}
	data := info.AddRtAttr(nest, nil)
	for _, attribute := range attributes {
		value := attribute.Data
		if attribute.LinkName != "" {
			index, err := h.index(attribute.LinkName)
			if err != nil {
				return err
			}
			value = nl.Uint32Attr(uint32(index))
		}
		data.AddRtAttr(int(attribute.Type), value)
	}
	return nil
}

// DeleteLink removes a link and, with it, what stands on it.
func (h *Handle) DeleteLink(name string) error {
	index, err := h.index(name)
	if err != nil {
		return err
	}
	message := h.request(unix.RTM_DELLINK, 0)
	header := nl.NewIfInfomsg(unix.AF_UNSPEC)
	header.Index = int32(index)
	message.AddData(header)
	// Whatever stood on the link goes with it, so nothing that was looked up can be trusted.
	clear(h.indexes)
	clear(h.names)
	return h.change(message)
}

// settings are those of IPv4 and IPv6 of the link that was read last. Most links have the same ones, which they share
// then: nobody writes to them.
type settings struct{ ipv4, ipv6 []int32 }

func decodeLink(message []byte, last *settings) (kernel.Link, error) {
	link := kernel.Link{ParentNamespace: -1}
	if len(message) < unix.SizeofIfInfomsg {
		return link, fmt.Errorf("the kernel sent a link message of %d bytes", len(message))
	}
	link.Index = int(int32(binary.NativeEndian.Uint32(message[4:8])))
	link.Flags = binary.NativeEndian.Uint32(message[8:12])
	return link, eachAttribute(message[unix.SizeofIfInfomsg:], func(typ uint16, data []byte) error {
		switch typ {
		case unix.IFLA_IFNAME:
			link.Name = nl.BytesToString(data)
		case unix.IFLA_MTU:
			link.MTU = number32(data)
		case unix.IFLA_LINK:
			link.Parent = int(number32(data))
		case unix.IFLA_LINK_NETNSID:
			link.ParentNamespace = int(int32(number32(data)))
		case unix.IFLA_MASTER:
			link.Controller = int(number32(data))
		case unix.IFLA_ADDRESS:
			link.Address = net.HardwareAddr(data).String()
		case unix.IFLA_PERM_ADDRESS:
			link.PermanentAddress = net.HardwareAddr(data).String()
		case unix.IFLA_IFALIAS:
			link.Alias = nl.BytesToString(data)
		case unix.IFLA_GROUP:
			link.Group = number32(data)
		case unix.IFLA_TXQLEN:
			link.TransmitQueue = number32(data)
		case unix.IFLA_CARRIER_CHANGES:
			link.CarrierChanges = number32(data)
		case unix.IFLA_PROP_LIST:
			return eachAttribute(data, func(typ uint16, data []byte) error {
				if typ == unix.IFLA_ALT_IFNAME {
					link.AlternativeNames = append(link.AlternativeNames, nl.BytesToString(data))
				}
				return nil
			})
		case unix.IFLA_PHYS_PORT_ID:
			link.PhysicalPort = hex.EncodeToString(data)
		case unix.IFLA_PHYS_SWITCH_ID:
			link.PhysicalSwitch = hex.EncodeToString(data)
		case unix.IFLA_LINKINFO:
			return decodeInfo(&link, data)
		case unix.IFLA_AF_SPEC:
			return decodeProtocols(&link, data, last)
		}
		return nil
	})
}

func decodeInfo(link *kernel.Link, info []byte) error {
	return eachAttribute(info, func(typ uint16, data []byte) error {
		var err error
		switch typ {
		case unix.IFLA_INFO_KIND:
			link.Kind = nl.BytesToString(data)
		case unix.IFLA_INFO_SLAVE_KIND:
			link.PortKind = nl.BytesToString(data)
		case unix.IFLA_INFO_DATA:
			link.Data, err = attributesOf(data)
		case unix.IFLA_INFO_SLAVE_DATA:
			link.PortData, err = attributesOf(data)
		}
		return err
	})
}

// decodeProtocols reads the settings of IPv4 and IPv6, which spares a file read for each setting of each link.
func decodeProtocols(link *kernel.Link, protocols []byte, last *settings) error {
	return eachAttribute(protocols, func(family uint16, data []byte) error {
		return eachAttribute(data, func(typ uint16, data []byte) error {
			switch {
			case family == unix.AF_INET && typ == unix.IFLA_INET_CONF:
				link.IPv4 = numbers32(data, last.ipv4)
				last.ipv4 = link.IPv4
			case family == unix.AF_INET6 && typ == unix.IFLA_INET6_CONF:
				link.IPv6 = numbers32(data, last.ipv6)
				last.ipv6 = link.IPv6
			}
			return nil
		})
	})
}
