//go:build linux

package agent

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// The guest's side of QEMU's user networking, as it is without options.
var (
	guestAddress = [4]byte{10, 0, 2, 15}
	gateway      = [4]byte{10, 0, 2, 2}
)

const (
	prefixLength = 24
	resolvConf   = "nameserver 10.0.2.3\n"
)

// startNetwork brings up the loopback interface and the first Ethernet
// interface, if there is one, with the address that QEMU's user networking
// expects.
func startNetwork() error {
	n, err := openNetlink()
	if err == unix.EAFNOSUPPORT || err == unix.EPROTONOSUPPORT {
		return nil // a kernel without network
	}
	if err != nil {
		return fmt.Errorf("bringing up the network: %w", err)
	}
	defer n.close()
	if err := n.up("lo"); err != nil {
		return fmt.Errorf("bringing up lo: %w", err)
	}
	name := firstEthernet()
	if name == "" {
		return nil
	}
	if err := n.configure(name); err != nil {
		return fmt.Errorf("bringing up %s: %w", name, err)
	}
	if _, err := os.Stat("/etc/resolv.conf"); err == nil {
		return nil
	}
	_ = os.MkdirAll("/etc", 0o755)
	return os.WriteFile("/etc/resolv.conf", []byte(resolvConf), 0o644)
}

// firstEthernet returns the name of the first interface that is Ethernet and a
// device, "" if there is none.
func firstEthernet() string {
	devices, _ := filepath.Glob("/sys/class/net/*/device")
	slices.Sort(devices)
	for _, device := range devices {
		dir := filepath.Dir(device)
		kind, _ := os.ReadFile(filepath.Join(dir, "type"))
		if string(kind) == "1\n" { // ARPHRD_ETHER
			return filepath.Base(dir)
		}
	}
	return ""
}

// netlink configures interfaces (rtnetlink(7)).
type netlink struct {
	fd       int
	sequence uint32
}

func openNetlink() (*netlink, error) {
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		return nil, err
	}
	return &netlink{fd: fd}, nil
}

func (n *netlink) close() { _ = unix.Close(n.fd) }

// up brings an interface up.
func (n *netlink) up(name string) error {
	index, err := interfaceIndex(name)
	if err != nil {
		return err
	}
	body := make([]byte, unix.SizeofIfInfomsg)
	binary.NativeEndian.PutUint32(body[4:], uint32(index))
	binary.NativeEndian.PutUint32(body[8:], unix.IFF_UP)
	binary.NativeEndian.PutUint32(body[12:], unix.IFF_UP) // the flags that change
	return n.request(unix.RTM_NEWLINK, 0, body)
}

// configure gives an interface the guest's address and the default route.
func (n *netlink) configure(name string) error {
	if err := n.up(name); err != nil {
		return err
	}
	index, err := interfaceIndex(name)
	if err != nil {
		return err
	}
	address := make([]byte, unix.SizeofIfAddrmsg)
	address[0] = unix.AF_INET
	address[1] = prefixLength
	binary.NativeEndian.PutUint32(address[4:], uint32(index))
	address = appendAttribute(address, unix.IFA_LOCAL, guestAddress[:])
	address = appendAttribute(address, unix.IFA_ADDRESS, guestAddress[:])
	if err := n.request(unix.RTM_NEWADDR, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, address); err != nil {
		return fmt.Errorf("setting the address: %w", err)
	}
	route := make([]byte, unix.SizeofRtMsg)
	route[0] = unix.AF_INET
	route[4] = unix.RT_TABLE_MAIN
	route[5] = unix.RTPROT_BOOT
	route[6] = unix.RT_SCOPE_UNIVERSE
	route[7] = unix.RTN_UNICAST
	route = appendAttribute(route, unix.RTA_GATEWAY, gateway[:])
	if err := n.request(unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_REPLACE, route); err != nil {
		return fmt.Errorf("setting the default route: %w", err)
	}
	return nil
}

func interfaceIndex(name string) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq(name)
	if err != nil {
		return 0, err
	}
	if err := unix.IoctlIfreq(fd, unix.SIOCGIFINDEX, request); err != nil {
		return 0, err
	}
	return int(int32(request.Uint32())), nil
}

// appendAttribute appends a struct rtattr. The length of value is a multiple of
// the alignment, 4.
func appendAttribute(b []byte, kind uint16, value []byte) []byte {
	b = binary.NativeEndian.AppendUint16(b, uint16(unix.SizeofRtAttr+len(value)))
	b = binary.NativeEndian.AppendUint16(b, kind)
	return append(b, value...)
}

// request sends one request and waits for the kernel's answer.
func (n *netlink) request(kind, flags uint16, body []byte) error {
	n.sequence++
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	message = binary.NativeEndian.AppendUint16(message, kind)
	message = binary.NativeEndian.AppendUint16(message, flags|unix.NLM_F_REQUEST|unix.NLM_F_ACK)
	message = binary.NativeEndian.AppendUint32(message, n.sequence)
	message = binary.NativeEndian.AppendUint32(message, 0) // the kernel fills in the port
	message = append(message, body...)
	if err := unix.Sendto(n.fd, message, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}); err != nil {
		return err
	}
	answer := make([]byte, 4096)
	size, _, err := unix.Recvfrom(n.fd, answer, 0)
	if err != nil {
		return err
	}
	if size < unix.SizeofNlMsghdr+4 || binary.NativeEndian.Uint16(answer[4:]) != unix.NLMSG_ERROR {
		return fmt.Errorf("expected an acknowledgement of netlink, got %d other bytes", size)
	}
	if number := int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); number != 0 {
		return unix.Errno(-number)
	}
	return nil
}
