package main

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clocks: the clock of a process can be set without that of the machine.
const clocks = true

// ahead takes the place of the kernel's clock_gettime(clock, &time) in a process. It
// makes the system call, and adds to the seconds of the wall clock the number behind it:
// what is measured by the monotonic clock stays right, as when an administrator, or NTP,
// sets a machine's clock.
var ahead = []byte{
	0xb8, 0xe4, 0x00, 0x00, 0x00, // mov eax, SYS_clock_gettime
	0x0f, 0x05, // syscall
	0x85, 0xff, // test edi, edi: CLOCK_REALTIME is 0
	0x75, 0x0a, // jnz over the next two
	0x48, 0x8b, 0x0d, 0x06, 0x00, 0x00, 0x00, // mov rcx, [the seconds]
	0x48, 0x01, 0x0e, // add [rsi], rcx
	0xc3,       // ret
	0x90, 0x90, // to a multiple of eight
}

// jmp is the instruction that leads there, with the distance behind it.
const (
	jmp     = 0xe9
	jmpSize = 5
)

// jump sets the clock of a process, which is some time ahead of the true one from here
// on, or behind it. A process that has ended has none.
func jump(pid int, by time.Duration) error {
	err := setClock(pid, int64(by/time.Second))
	if err == nil {
		return nil
	}
	// One on its way out has no memory any more, and is soon a zombie.
	for deadline := time.Now().Add(patience); !ended(pid); time.Sleep(10 * time.Millisecond) { //nolint:forbidigo // it waits for real processes
		if time.Now().After(deadline) { //nolint:forbidigo // it waits for real processes
			return fmt.Errorf("set the clock of process %d: %w", pid, err)
		}
	}
	return nil
}

func ended(pid int) bool {
	state, _, err := thread(fmt.Sprintf("/proc/%d", pid))
	return err != nil || state == 'Z' || state == 'X'
}

func setClock(pid int, seconds int64) (err error) {
	memory, err := os.OpenFile(fmt.Sprintf("/proc/%d/mem", pid), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, memory.Close()) }()
	at, image, err := vdso(pid, memory)
	if err != nil || image == nil {
		return err
	}
	entry, err := clockGettime(image)
	if err != nil {
		return err
	}
	code := binary.LittleEndian.AppendUint64(slices.Clone(ahead), uint64(seconds))
	spare := len(image) - len(code) // the last page is not used to its end
	if image[entry] == jmp {        // it has jumped before
		_, err := memory.WriteAt(code[len(ahead):], at+int64(spare+len(ahead)))
		return err
	}
	if bytes.Trim(image[spare:], "\x00") != nil {
		return errors.New("there is no room for a clock in the vDSO")
	}
	if _, err := memory.WriteAt(code, at+int64(spare)); err != nil {
		return err
	}
	call := binary.LittleEndian.AppendUint32([]byte{jmp}, uint32(spare-entry-jmpSize))
	return stopped(pid, at+int64(entry), func() error {
		_, err := memory.WriteAt(call, at+int64(entry))
		return err
	})
}

// vdso is where a process has the code that tells it the time, and that code: the ELF
// image that the kernel maps into each. One without, of the kernel's own, has none.
func vdso(pid int, memory *os.File) (at int64, image []byte, err error) {
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return 0, nil, err
	}
	for line := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(line, "[vdso]\n") {
			continue
		}
		var end int64
		if _, err := fmt.Sscanf(line, "%x-%x", &at, &end); err != nil {
			return 0, nil, fmt.Errorf("read %q: %w", line, err)
		}
		image = make([]byte, end-at)
		_, err := memory.ReadAt(image, at)
		return at, image, err
	}
	return 0, nil, nil
}

// clockGettime is where the function of that name begins in the image.
func clockGettime(image []byte) (int, error) {
	const name = "__vdso_clock_gettime"
	file, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return 0, fmt.Errorf("read vDSO: %w", err)
	}
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return 0, fmt.Errorf("read vDSO: %w", err)
	}
	for _, s := range symbols {
		if s.Name == name {
			return int(s.Value), nil
		}
	}
	return 0, fmt.Errorf("the vDSO has no %s", name)
}

// stopped does something while a process stands still, with no thread at the
// instructions that a jump will replace.
func stopped(pid int, entry int64, do func() error) (err error) {
	for deadline := time.Now().Add(patience); ; { //nolint:forbidigo // it waits for real processes
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			return err
		}
		still, err := standsStill(pid, entry)
		if still && err == nil {
			err = do()
		}
		err = errors.Join(err, syscall.Kill(pid, syscall.SIGCONT))
		if still || err != nil {
			return err
		}
		if time.Now().After(deadline) { //nolint:forbidigo // it waits for real processes
			return errors.New("it does not stop")
		}
	}
}

// standsStill waits until all threads have stopped, and reports whether none is right
// behind the entry; false also where they take too long.
func standsStill(pid int, entry int64) (bool, error) {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*", pid))
	if err != nil {
		return false, err
	}
	for _, task := range tasks {
		for tries := 0; ; tries++ {
			state, counter, err := thread(task)
			if err != nil {
				return false, err
			}
			if state == 'T' {
				if counter > entry && counter < entry+jmpSize {
					return false, nil
				}
				break
			}
			if tries == 1000 {
				return false, nil
			}
			time.Sleep(time.Millisecond) // the kernel says by no other means that a thread has stopped
		}
	}
	return true, nil
}

// thread is the state of a thread, and, where it is stopped, its program counter.
func thread(task string) (state byte, counter int64, err error) {
	stat, err := os.ReadFile(filepath.Join(task, "stat"))
	if err != nil {
		return 0, 0, err
	}
	_, rest, ok := bytes.Cut(stat, []byte(") "))
	if !ok || len(rest) == 0 {
		return 0, 0, fmt.Errorf("read state of %s: %q", task, stat)
	}
	if rest[0] != 'T' {
		return rest[0], 0, nil
	}
	line, err := os.ReadFile(filepath.Join(task, "syscall")) // its last field is the counter
	if err != nil {
		return 0, 0, err
	}
	counter, err = strconv.ParseInt(string(bytes.TrimSpace(line[bytes.LastIndexByte(line, ' ')+1:])), 0, 64)
	if err != nil { // "running": it has gone on
		return 'R', 0, nil //nolint:nilerr // it is asked again
	}
	return rest[0], counter, nil
}
