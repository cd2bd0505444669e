package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Lengths in a message of ARP for IPv4 over Ethernet (RFC 826).
const (
	arpMessage   = 28
	arpOperation = 6
	arpSender    = 14
	arpRequest   = 1
	arpReply     = 2
)

// Answers asks on an interface who has the address, and tells whether anybody answers in time. The question names no
// address of its own, so it needs none and teaches nobody anything (RFC 5227).
func Answers(index int, hardware net.HardwareAddr, address netip.Addr, wait time.Duration) (bool, error) {
	asked, err := newAsker(index, hardware)
	if err != nil {
		return false, err
	}
	defer asked.close()
	if err := asked.ask(address); err != nil {
		return false, err
	}
	return hears(asked.socket, wait, func(message []byte) bool { return answerOf(message) == address })
}

// Times of the question for the witness.
const (
	askAgain     = 50 * time.Millisecond
	witnessLimit = 2 * time.Second
)

// AnswersBeside is Answers with a witness, who is known to answer: the wait begins once that one has, as a link that has
// just been set up carries nothing for a moment, and a host that is busy answers late.
func AnswersBeside(index int, hardware net.HardwareAddr, address, witness netip.Addr, wait time.Duration) (bool, error) {
	asked, err := newAsker(index, hardware)
	if err != nil {
		return false, err
	}
	defer asked.close()
	found, met := false, false
	for deadline := time.Now().Add(witnessLimit); !met; {
		if time.Now().After(deadline) {
			return false, fmt.Errorf("%s does not answer", witness)
		}
		if err := errors.Join(asked.ask(address), asked.ask(witness)); err != nil {
			return false, err
		}
		met, err = hears(asked.socket, askAgain, func(message []byte) bool {
			sender := answerOf(message)
			found = found || sender == address
			return found || sender == witness
		})
		if err != nil || found {
			return found, err
		}
	}
	return hears(asked.socket, wait, func(message []byte) bool { return answerOf(message) == address })
}

// asker asks for addresses on one interface.
type asker struct {
	socket, index int
	hardware      net.HardwareAddr
}

func newAsker(index int, hardware net.HardwareAddr) (*asker, error) {
	socket, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, unbound)
	if err != nil {
		return nil, fmt.Errorf("cannot open a raw socket: %w", err)
	}
	a := &asker{socket, index, hardware}
	if err := unix.Bind(socket, &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ARP),
		Ifindex: index}); err != nil {
		a.close()
		return nil, fmt.Errorf("cannot use the interface with number %d: %w", index, err)
	}
	return a, nil
}

// close takes the kernel some milliseconds, which nobody has to wait for.
func (a *asker) close() { go func() { _ = unix.Close(a.socket) }() }

func (a *asker) ask(address netip.Addr) error {
	to := &unix.SockaddrLinklayer{Protocol: networkOrder(unix.ETH_P_ARP), Ifindex: a.index, Halen: uint8(len(everybody))}
	copy(to.Addr[:], everybody)
	if err := unix.Sendto(a.socket, question(a.hardware, address), 0, to); err != nil {
		return fmt.Errorf("cannot send: %w", err)
	}
	return nil
}

// answerOf is who sends an answer; not valid where it is none.
func answerOf(message []byte) netip.Addr {
	if len(message) < arpMessage || binary.BigEndian.Uint16(message[arpOperation:]) != arpReply {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte(message[arpSender : arpSender+4]))
}

// hears waits for a message that is the answer.
func hears(socket int, wait time.Duration, isAnswer func(message []byte) bool) (bool, error) {
	buffer := make([]byte, 1500)
	for deadline := time.Now().Add(wait); ; {
		left := time.Until(deadline)
		if left <= 0 {
			return false, nil
		}
		// Precisely, where SO_RCVTIMEO counts in ticks of up to ten milliseconds.
		timeout := unix.NsecToTimespec(int64(left))
		if _, err := unix.Ppoll([]unix.PollFd{{Fd: int32(socket), Events: unix.POLLIN}}, &timeout, nil); err != nil &&
			!errors.Is(err, unix.EINTR) {
			return false, fmt.Errorf("cannot wait: %w", err)
		}
		n, _, err := unix.Recvfrom(socket, buffer, unix.MSG_DONTWAIT)
		switch {
		case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		case err != nil:
			return false, fmt.Errorf("cannot receive: %w", err)
		case isAnswer(buffer[:n]):
			return true, nil
		}
	}
}

func question(hardware net.HardwareAddr, address netip.Addr) []byte {
	out := []byte{0, 1, 8, 0, 6, 4, 0, arpRequest} // Ethernet, IPv4, and the lengths of their addresses
	out = append(out, hardware...)
	out = append(out, 0, 0, 0, 0)
	out = append(out, make([]byte, 6)...)
	return append(out, address.AsSlice()...)
}
