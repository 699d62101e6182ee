package demo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"

	"laurel/test/program"
)

// childProgram names the binary to the child of TestCheckWithoutNetwork.
const childProgram = "DEMO_TEST_PROGRAM"

// TestCheckWithoutNetwork runs the demo in a network namespace of its own, in
// which there is nothing but the loopback interface.
func TestCheckWithoutNetwork(t *testing.T) {
	empty := temporary(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	command := exec.CommandContext(ctx, self)
	command.Env = append(os.Environ(), childProgram+"="+program.Path(t))
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	var stdout, stderr bytes.Buffer
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		t.Skipf("SKIPPED: the demo without a network: this machine gives no network namespace: %v", err)
	}
	if err := command.Wait(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	complete(t, stdout.Bytes())
	empty()
}

// runWithoutNetwork is the child: it makes sure that there is nothing but the
// loopback interface, takes that into use, and becomes the demo.
func runWithoutNetwork() {
	path := os.Getenv(childProgram)
	if path == "" {
		return
	}
	if err := takeLoopback(); err != nil {
		fmt.Fprintln(os.Stderr, "preparing network namespace:", err)
		os.Exit(1)
	}
	err := syscall.Exec(path, []string{path, "demo", "--check", "--json"}, os.Environ())
	fmt.Fprintln(os.Stderr, "running the demo:", err)
	os.Exit(1)
}

func takeLoopback() error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return err
	}
	if len(interfaces) != 1 || interfaces[0].Flags&net.FlagLoopback == 0 {
		return fmt.Errorf("there are other interfaces: %v", interfaces)
	}
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	// struct ifreq of netdevice(7), with the member ifr_flags of its union.
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], interfaces[0].Name)
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(socket), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		err = errno
	}
	return errors.Join(err, syscall.Close(socket))
}
