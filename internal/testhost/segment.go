package testhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Segment is one wire, as a hub: a frame that enters at one port leaves at every other. All of it stays in this
// process and in socket pairs with QEMU. Nothing is learnt, so a test sees exactly what a machine sent.
type Segment struct {
	name string

	mu       sync.Mutex
	ports    map[*port]bool
	captures map[*capture]bool
}

// NewSegment makes a wire with nothing plugged in; its name appears in errors.
func NewSegment(name string) *Segment {
	return &Segment{name: name, ports: map[*port]bool{}, captures: map[*capture]bool{}}
}

// Frame is one Ethernet frame as seen on the wire.
type Frame struct {
	Time time.Time
	Host string // which machine sent it
	NIC  string // from which of its NICs
	Data []byte // from the destination's MAC on, without checksum
}

// EtherType of the frame, behind at most one VLAN tag's own: 0x8100 says that there is a tag.
func (f Frame) EtherType() uint16 {
	if len(f.Data) < 14 {
		return 0
	}
	return uint16(f.Data[12])<<8 | uint16(f.Data[13])
}

// port is a NIC's plug in a segment.
type port struct {
	segment   *Segment
	host, nic string
	mac       net.HardwareAddr
	conn      net.Conn
	egress    chan []byte
	cut       bool // guarded by segment.mu
}

// A port that does not read for a while, as under emulation, still gets this many frames; then the wire drops.
const egressQueue = 4096

// maxFrame is more than the biggest frame that QEMU hands over: without offloads, a jumbo frame.
const maxFrame = 70 << 10

// attach plugs a NIC in. The returned file is QEMU's end of the wire and the caller's to close.
func (s *Segment) attach(host, nic string, mac net.HardwareAddr) (*port, *os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for other := range s.ports {
		if bytes.Equal(other.mac, mac) {
			return nil, nil, fmt.Errorf("segment %s: %s of %s has the same MAC %s as %s of %s: name the machines differently",
				s.name, nic, host, mac, other.nic, other.host)
		}
	}
	ours, theirs, err := socketPair(syscall.SOCK_DGRAM)
	if err != nil {
		return nil, nil, fmt.Errorf("segment %s: %w", s.name, err)
	}
	p := &port{segment: s, host: host, nic: nic, mac: mac, conn: ours, egress: make(chan []byte, egressQueue)}
	s.ports[p] = true
	go p.receive()
	go p.send()
	return p, theirs, nil
}

// receive carries what the machine sends to every other port, until the port is closed.
func (p *port) receive() {
	defer p.close()
	buffer := make([]byte, maxFrame)
	for {
		n, err := p.conn.Read(buffer)
		if err != nil || n == 0 {
			return
		}
		p.segment.distribute(p, bytes.Clone(buffer[:n]))
	}
}

// send has its own goroutine: a machine that does not read must not stop the others' traffic.
func (p *port) send() {
	for frame := range p.egress {
		// QEMU refuses while it starts or resets; a frame to a NIC that is not there is lost, as on a real wire.
		if _, err := p.conn.Write(frame); errors.Is(err, net.ErrClosed) {
			return
		}
	}
}

func (p *port) close() {
	p.segment.mu.Lock()
	defer p.segment.mu.Unlock()
	if p.segment.ports[p] {
		delete(p.segment.ports, p)
		close(p.egress)
		p.conn.Close()
	}
}

func (s *Segment) distribute(from *port, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from.cut {
		return
	}
	for c := range s.captures {
		c.offer(Frame{Time: time.Now(), Host: from.host, NIC: from.nic, Data: data})
	}
	for to := range s.ports {
		if to == from || to.cut {
			continue
		}
		select {
		case to.egress <- data:
		default:
		}
	}
}

// setCut makes the port lose all frames in both directions while the NIC still sees a carrier.
func (p *port) setCut(cut bool) {
	p.segment.mu.Lock()
	defer p.segment.mu.Unlock()
	p.cut = cut
}

// capture is one witness of a segment's traffic.
type capture struct {
	frames chan Frame
	lost   int // guarded by the segment's mutex
}

// captureQueue is how many frames wait for a slow witness before Capture's frames are lost.
const captureQueue = 1 << 16

func (c *capture) offer(frame Frame) {
	select {
	case c.frames <- frame:
	default:
		c.lost++
	}
}

// Capture delivers every frame that enters the segment from now on, until ctx ends, which closes the channel.
func (s *Segment) Capture(ctx context.Context) <-chan Frame {
	c := &capture{frames: make(chan Frame, captureQueue)}
	s.mu.Lock()
	s.captures[c] = true
	s.mu.Unlock()
	context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.captures, c)
		close(c.frames)
	})
	return c.frames
}

// socketPair returns two connected sockets: one for this process and one to hand to QEMU.
func socketPair(kind int) (net.Conn, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, kind|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(fds[0]), "testhost"), os.NewFile(uintptr(fds[1]), "qemu")
	conn, err := net.FileConn(ours)
	ours.Close() // FileConn has its own duplicate
	if err != nil {
		theirs.Close()
		return nil, nil, fmt.Errorf("socket pair: %w", err)
	}
	return conn, theirs, nil
}
