package testhost

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

// SSH is how to log in from this computer, as root or as operator.
type SSH struct {
	Address string `json:"address"`
	Port    int    `json:"port"`
	KeyFile string `json:"key_file"`
}

// Command is the line that a person types to log in.
func (s SSH) Command(user string) string {
	return fmt.Sprintf(
		"ssh -i %s -p %d -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR %s@%s",
		s.KeyFile, s.Port, user, s.Address)
}

// ExitError is a command that ran in the machine and failed there.
type ExitError struct {
	Host, Command  string
	Code           int
	Stdout, Stderr string
}

func (e *ExitError) Error() string {
	output := strings.TrimSpace(e.Stderr)
	if output == "" {
		output = strings.TrimSpace(e.Stdout)
	}
	return fmt.Sprintf("%s: %s: exit status %d: %s", e.Host, e.Command, e.Code, output)
}

// sshClient keeps one connection to a machine, since a handshake under emulation costs as much as ten commands.
type sshClient struct {
	login  SSH
	signer ssh.Signer

	mu     sync.Mutex
	client *ssh.Client
}

func newSSHClient(login SSH) (*sshClient, error) {
	key, err := os.ReadFile(login.KeyFile)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", login.KeyFile, err)
	}
	return &sshClient{login: login, signer: signer}, nil
}

// bannerTimeout is how long sshd gets to say its version. QEMU accepts connections before the machine does and keeps
// them open without an answer, so waiting longer only wastes the time until the next attempt.
const bannerTimeout = 3 * time.Second

// handshakeTimeout bounds key exchange and login.
const handshakeTimeout = 60 * time.Second

// connect returns the connection, and makes one if there is none.
func (c *sshClient) connect(ctx context.Context) (*ssh.Client, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		return c.client, nil
	}
	dialer := net.Dialer{Timeout: bannerTimeout}
	raw, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("%s:%d", c.login.Address, c.login.Port))
	if err != nil {
		return nil, err
	}
	conn := &bannerConn{Conn: raw}
	stop := context.AfterFunc(ctx, func() { raw.Close() })
	defer stop()
	if err := conn.waitForBanner(); err != nil {
		raw.Close()
		return nil, fmt.Errorf("sshd does not answer: %w", err)
	}
	connection, channels, requests, err := ssh.NewClientConn(conn, raw.RemoteAddr().String(), &ssh.ClientConfig{
		User: "root",
		Auth: []ssh.AuthMethod{ssh.PublicKeys(c.signer)},
		// The machine was started by this process, and is reached through a port that its QEMU holds.
		HostKeyCallback: ssh.InsecureIgnoreHostKey(),
	})
	if err != nil {
		raw.Close()
		return nil, err
	}
	_ = raw.SetDeadline(time.Time{})
	c.client = ssh.NewClient(connection, channels, requests)
	return c.client, nil
}

// disconnect forgets the connection, after a reset or when it is broken.
func (c *sshClient) disconnect() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.client != nil {
		c.client.Close()
		c.client = nil
	}
}

// run runs a shell command as root. The error is an *ExitError (without output) if the command itself failed.
func (c *sshClient) run(ctx context.Context, command string, stdin io.Reader, stdout, stderr io.Writer) error {
	client, err := c.connect(ctx)
	if err != nil {
		return err
	}
	// Nothing below ends by itself once the machine has lost its network: drop the connection under it.
	stop := context.AfterFunc(ctx, c.disconnect)
	defer stop()
	session, err := client.NewSession()
	if err == nil {
		defer session.Close()
		session.Stdin, session.Stdout, session.Stderr = stdin, stdout, stderr
		err = session.Run(command)
	}
	var exit *ssh.ExitError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, &exit):
		return &ExitError{Command: command, Code: exit.ExitStatus()}
	case err != nil:
		c.disconnect()
	}
	return err
}

// bannerConn is a connection whose first line was already awaited.
type bannerConn struct {
	net.Conn
	first bytes.Buffer
}

// waitForBanner waits for sshd's first byte, which QEMU cannot send in its place.
func (c *bannerConn) waitForBanner() error {
	if err := c.SetDeadline(time.Now().Add(bannerTimeout)); err != nil {
		return err
	}
	if _, err := io.CopyN(&c.first, c.Conn, 1); err != nil {
		return err
	}
	return c.SetDeadline(time.Now().Add(handshakeTimeout))
}

func (c *bannerConn) Read(data []byte) (int, error) {
	if c.first.Len() > 0 {
		return c.first.Read(data)
	}
	return c.Conn.Read(data)
}
