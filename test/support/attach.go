// Loads an object by cilium/ebpf, attaches all its programs by their sections alone, makes some system calls or runs a
// command, and prints the bytes of every map whose name ends in the given suffix (for per-CPU maps those of all CPUs)
// as hex, one map a line. It is attach.c with another library.
package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/link"
)

func fail(words string, err error) {
	fmt.Fprintf(os.Stderr, "%s: %v\n", words, err)
	os.Exit(1)
}

// splitOffset makes `function+16` a function and a number.
func splitOffset(place string) (string, uint64, error) {
	name, text, found := strings.Cut(place, "+")
	if !found {
		return name, 0, nil
	}
	offset, err := strconv.ParseUint(text, 10, 64)
	return name, offset, err
}

func attachUprobe(program *ebpf.Program, target string, atReturn bool) (link.Link, error) {
	path, place, found := strings.Cut(target, ":")
	if !found {
		return nil, fmt.Errorf("%q is no place in a file", target)
	}
	name, offset, err := splitOffset(place)
	if err != nil {
		return nil, err
	}
	executable, err := link.OpenExecutable(path)
	if err != nil {
		return nil, err
	}
	if atReturn {
		return executable.Uretprobe(name, program, nil)
	}
	return executable.Uprobe(name, program, &link.UprobeOptions{Offset: offset})
}

func attach(program *ebpf.Program, section string) (link.Link, error) {
	kind, target, _ := strings.Cut(section, "/")
	switch kind {
	case "kprobe":
		name, offset, err := splitOffset(target)
		if err != nil {
			return nil, err
		}
		return link.Kprobe(name, program, &link.KprobeOptions{Offset: offset})
	case "kretprobe":
		return link.Kretprobe(target, program, nil)
	case "uprobe", "uretprobe":
		return attachUprobe(program, target, kind == "uretprobe")
	case "tracepoint":
		category, event, _ := strings.Cut(target, "/")
		return link.Tracepoint(category, event, program, nil)
	case "fentry", "fexit", "tp_btf":
		return link.AttachTracing(link.TracingOptions{Program: program})
	}
	return nil, fmt.Errorf("section %q says no target", section)
}

func printMap(found *ebpf.Map) error {
	var values [][]byte
	if err := found.Lookup(uint32(0), &values); err != nil {
		var value []byte
		if value, err = found.LookupBytes(uint32(0)); err != nil {
			return err
		}
		values = [][]byte{value}
	}
	for _, value := range values {
		fmt.Print(hex.EncodeToString(value))
	}
	fmt.Println()
	return nil
}

func main() {
	if len(os.Args) != 3 && len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: attach SUFFIX OBJECT [COMMAND]")
		os.Exit(2)
	}
	spec, err := ebpf.LoadCollectionSpec(os.Args[2])
	if err != nil {
		fail("cannot read the object", err)
	}
	collection, err := ebpf.NewCollection(spec)
	if err != nil {
		fail("cannot load the object", err)
	}
	for name, of := range spec.Programs {
		program := collection.Programs[name]
		if program == nil {
			fail("cannot load the object", fmt.Errorf("no program type for section %q", of.SectionName))
		}
		if _, err := attach(program, of.SectionName); err != nil {
			fail("cannot attach "+of.SectionName, err)
		}
	}
	for i := 0; i < 10; i++ {
		syscall.Getppid()
	}
	if len(os.Args) == 4 {
		if err := exec.Command("/bin/sh", "-c", os.Args[3]).Run(); err != nil {
			fail("cannot run "+os.Args[3], err)
		}
	}
	time.Sleep(20 * time.Millisecond)
	for name, found := range collection.Maps {
		if strings.HasSuffix(name, os.Args[1]) {
			if err := printMap(found); err != nil {
				fail("cannot read map "+name, err)
			}
		}
	}
}
