package nftables

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"hostnet.linux/internal/kernel"
)

// Conn asks the kernel about the rules of one network namespace.
type Conn struct {
	namespace *os.File // nil is the namespace of this process
	known     knownTables
}

// Open makes a connection for the namespace whose file is path; "" is that of the calling thread.
func Open(path string) (*Conn, error) {
	if path == "" {
		return &Conn{}, nil
	}
	file, err := kernel.OpenNamespace(path)
	if err != nil {
		return nil, fmt.Errorf("cannot open network namespace: %w", err)
	}
	return &Conn{namespace: file}, nil
}

// Close frees the namespace.
func (c *Conn) Close() {
	if c.namespace != nil {
		_ = c.namespace.Close()
	}
}

func (c *Conn) namespaceFD() int {
	if c.namespace == nil {
		return 0
	}
	return int(c.namespace.Fd())
}

func (c *Conn) library() (*nftables.Conn, error) {
	return nftables.New(nftables.WithNetNSFd(c.namespaceFD()))
}

// patience bounds every exchange: the kernel answers at once, unless it is loading modules.
const patience = 60 * time.Second

func (c *Conn) dial() (*netlink.Conn, error) {
	socket, err := netlink.Dial(unix.NETLINK_NETFILTER, &netlink.Config{NetNS: c.namespaceFD()})
	if err != nil {
		return nil, fmt.Errorf("cannot open a netlink socket to nftables: %w", explain(err))
	}
	if err := socket.SetDeadline(time.Now().Add(patience)); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	return socket, nil
}

// explain adds what the bare error number does not say.
func explain(err error) error {
	switch {
	case errors.Is(err, unix.EPROTONOSUPPORT), errors.Is(err, unix.EOPNOTSUPP):
		return fmt.Errorf("%w (does this kernel have nf_tables with NAT?)", err)
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("%w (root is needed)", err)
	}
	return err
}

func messageType(kind int) netlink.HeaderType {
	return netlink.HeaderType(unix.NFNL_SUBSYS_NFTABLES<<8 | kind)
}

// header is struct nfgenmsg of linux/netfilter/nfnetlink.h.
func header(family byte, resource uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{family, unix.NFNETLINK_V0}, resource)
}

func text(typ uint16, value string) netlink.Attribute {
	return netlink.Attribute{Type: typ, Data: append([]byte(value), 0)}
}

func number(typ uint16, value uint32) netlink.Attribute {
	return netlink.Attribute{Type: typ, Data: binary.BigEndian.AppendUint32(nil, value)}
}

func message(kind int, flags netlink.HeaderFlags, family byte, list ...netlink.Attribute) (netlink.Message, error) {
	data, err := netlink.MarshalAttributes(list)
	return netlink.Message{
		Header: netlink.Header{Type: messageType(kind), Flags: netlink.Request | flags},
		Data:   append(header(family, 0), data...),
	}, err
}

// attempts bounds the retries of a dump during which the rules changed.
const attempts = 10

// stable repeats a read until the rules did not change in the course of it, as the kernel's generation number tells.
func (c *Conn) stable(read func(generation uint32) error) error {
	for range attempts {
		before, err := c.generation()
		if err != nil {
			return err
		}
		err = read(before)
		after, generationErr := c.generation()
		if generationErr != nil {
			return generationErr
		}
		if before == after {
			return err
		}
	}
	return fmt.Errorf("the rules kept changing while they were read (%d attempts)", attempts)
}

func (c *Conn) generation() (uint32, error) {
	socket, err := c.dial()
	if err != nil {
		return 0, err
	}
	defer func() { _ = socket.Close() }()
	request, err := message(unix.NFT_MSG_GETGEN, 0, unix.NFPROTO_UNSPEC)
	if err != nil {
		return 0, err
	}
	replies, err := socket.Execute(request)
	if err != nil {
		return 0, fmt.Errorf("cannot read the generation of the rules: %w", explain(err))
	}
	for _, reply := range replies {
		for _, a := range attributes(reply.Data[min(4, len(reply.Data)):]) {
			if a.typ == unix.NFTA_GEN_ID && len(a.data) == 4 {
				return binary.BigEndian.Uint32(a.data), nil
			}
		}
	}
	return 0, errors.New("the kernel sent no generation of the rules")
}

// commit sends the messages as one transaction: all of them happen or none.
func (c *Conn) commit(messages []netlink.Message) error {
	socket, err := c.dial()
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }()
	return commitOn(socket, messages)
}

// commitOn sends a transaction by a socket.
func commitOn(socket *netlink.Conn, messages []netlink.Message) error {
	batch := make([]netlink.Message, 0, len(messages)+2)
	mark := func(kind int) netlink.Message {
		return netlink.Message{
			Header: netlink.Header{Type: netlink.HeaderType(kind), Flags: netlink.Request},
			Data:   header(unix.NFPROTO_UNSPEC, unix.NFNL_SUBSYS_NFTABLES),
		}
	}
	batch = append(batch, mark(unix.NFNL_MSG_BATCH_BEGIN))
	batch = append(batch, messages...)
	batch = append(batch, mark(unix.NFNL_MSG_BATCH_END))
	if _, err := socket.SendMessages(batch); err != nil {
		return explain(err)
	}
	for answers := 0; answers < len(messages); {
		replies, err := socket.Receive()
		if err != nil {
			return explain(err)
		}
		answers += len(replies)
	}
	return nil
}
