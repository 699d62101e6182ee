//go:build unix

package main

import "syscall"

// leaveNoCore keeps a crash from writing the memory of the process, in which there
// are private keys, to the disk.
func leaveNoCore() { _ = syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}) } // lowering it cannot be refused
