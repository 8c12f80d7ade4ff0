package results

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"slices"
)

// pages reads a bbolt file without trusting it. bbolt itself has checksums on the
// two meta pages alone, and follows any other page wherever it points to: out of
// the file, or for ever around in a circle.
//
// The format (version 2 of bbolt), in the byte order of the machine:
//
//	page      id (8 bytes), kind (2), count of elements (2), pages that follow it (4)
//	meta      magic, version, page size, flags (4 each), root page, sequence,
//	          page of the free ones, end of the pages, transaction (8 each), checksum
//	branch    position from here, size of the key (4 each), page (8); then the keys
//	leaf      flags, position from here, size of the key, of the value (4 each)
//	bucket    in a leaf: root page, sequence (8 each); root 0: a leaf page follows
//	free      pages (8 each); of 65535 or more the first is their count
type pages struct {
	file io.ReaderAt
	page int64 // bytes
	meta meta

	free pageSet // nil: not read yet
}

// meta is what a meta page says.
type meta struct{ root, free, end, tx uint64 }

const (
	branchPage, leafPage, metaPage, freePage = 1, 2, 4, 16

	headerBytes, elementBytes, bucketBytes, idBytes = 16, 16, 16, 8

	boltMagic, boltVersion = 0xED0CDAED, 2
	metaBytes              = 64 // without the checksum

	noFree = ^uint64(0) // the free pages are not written down
	// deepest is more levels than a tree of 2^64 pages has, two to a page.
	deepest = 64
)

var native = binary.NativeEndian

// openPages finds the newest meta page. What is wrong with the other one is told.
func openPages(file io.ReaderAt, size, page int64) (p *pages, faults []string, err error) {
	p = &pages{file: file, page: page}
	found := false
	for i := range int64(2) {
		m, err := readMeta(file, i, page)
		if err != nil {
			faults = append(faults, fmt.Sprintf("meta page %d: %v", i, err))
			continue
		}
		if !found || m.tx > p.meta.tx {
			p.meta, found = m, true
		}
	}
	if !found {
		return nil, nil, errors.New("neither of its meta pages is sound")
	}
	if need := int64(p.meta.end) * page; p.meta.end > uint64(size) || need > size {
		return nil, nil, fmt.Errorf("it is cut short: %d of %d bytes are there", size, need)
	}
	return p, faults, nil
}

func readMeta(file io.ReaderAt, i, page int64) (meta, error) {
	b := make([]byte, headerBytes+metaBytes+8)
	if _, err := file.ReadAt(b, i*page); err != nil {
		return meta{}, err
	}
	if id, kind, rest := native.Uint64(b), native.Uint16(b[8:]), b[10:headerBytes]; id != uint64(i) || kind != metaPage || !bytes.Equal(rest, make([]byte, len(rest))) {
		return meta{}, fmt.Errorf("it says that it is page %d, of kind %d, with %x", id, kind, rest)
	}
	b = b[headerBytes:]
	hash := fnv.New64a()
	hash.Write(b[:metaBytes-8])
	switch {
	case native.Uint32(b) != boltMagic:
		return meta{}, errors.New("its first bytes are not those of a store")
	case native.Uint32(b[4:]) != boltVersion:
		return meta{}, fmt.Errorf("its version is %d, not %d", native.Uint32(b[4:]), boltVersion)
	case native.Uint64(b[56:]) != hash.Sum64():
		return meta{}, errors.New("its checksum is wrong")
	case int64(native.Uint32(b[8:])) != page:
		return meta{}, fmt.Errorf("its pages have %d bytes", native.Uint32(b[8:]))
	}
	return meta{root: native.Uint64(b[16:]), free: native.Uint64(b[32:]), end: native.Uint64(b[40:]), tx: native.Uint64(b[48:])}, nil
}

// node is a page with those that follow it.
type node struct {
	id       uint64
	kind     uint16
	count    int
	overflow uint64
	data     []byte // after the header
	whole    []byte
}

// element is what a branch or leaf page has of a key.
type element struct {
	key, value []byte
	page       uint64 // of a branch
	bucket     bool
}

// read reads a page into b, which is made larger where it must be.
func (p *pages) read(id uint64, b []byte) (node, error) {
	if id < 2 || id >= p.meta.end {
		return node{}, fmt.Errorf("page %d is not one of the file's %d", id, p.meta.end)
	}
	b = slices.Grow(b[:0], int(p.page))[:p.page]
	if _, err := p.file.ReadAt(b, int64(id)*p.page); err != nil {
		return node{}, fmt.Errorf("page %d: %w", id, err)
	}
	n := node{id: native.Uint64(b), kind: native.Uint16(b[8:]), count: int(native.Uint16(b[10:])), overflow: uint64(native.Uint32(b[12:]))}
	if n.id != id {
		return n, fmt.Errorf("page %d says that it is page %d", id, n.id)
	}
	if n.overflow >= p.meta.end-id {
		return n, fmt.Errorf("page %d goes on for %d pages, over the end of the file", id, n.overflow)
	}
	if n.overflow > 0 {
		b = slices.Grow(b, int(n.overflow)*int(p.page))[:int(n.overflow+1)*int(p.page)]
		if _, err := p.file.ReadAt(b[p.page:], int64(id+1)*p.page); err != nil {
			return n, fmt.Errorf("page %d: %w", id, err)
		}
	}
	n.data, n.whole = b[headerBytes:], b
	return n, nil
}

// pageSet is a set of a file's pages, a bit each.
type pageSet []uint64

func newPageSet(end uint64) pageSet  { return make(pageSet, end/64+1) }
func (s pageSet) has(id uint64) bool { return s[id/64]>>(id%64)&1 == 1 }
func (s pageSet) add(id uint64)      { s[id/64] |= 1 << (id % 64) }

// elements are those of a branch or leaf page, with what they say checked against
// its size, and their keys against their order. They are put into out.
func (n node) elements(out []element) ([]element, error) {
	if n.kind != branchPage && n.kind != leafPage {
		return nil, fmt.Errorf("page %d is of kind %d, not a branch or a leaf", n.id, n.kind)
	}
	if n.count*elementBytes > len(n.data) || n.kind == branchPage && n.count == 0 {
		return nil, fmt.Errorf("page %d cannot have %d elements", n.id, n.count)
	}
	out = slices.Grow(out[:0], n.count)[:n.count]
	for i := range out {
		e := n.data[i*elementBytes:]
		out[i] = element{}
		flags, position, keySize, valueSize := uint32(0), native.Uint32(e), native.Uint32(e[4:]), uint32(0)
		if n.kind == branchPage {
			out[i].page = native.Uint64(e[8:])
		} else {
			flags, position, keySize, valueSize = position, keySize, native.Uint32(e[8:]), native.Uint32(e[12:])
		}
		from, end := int64(position), int64(position)+int64(keySize)+int64(valueSize)
		if flags > 1 || from < int64((n.count-i)*elementBytes) || end > int64(len(e)) {
			return nil, fmt.Errorf("page %d: element %d is not inside of it", n.id, i)
		}
		out[i].bucket = flags == 1
		out[i].key, out[i].value = e[from:from+int64(keySize)], e[from+int64(keySize):end]
		if i > 0 && bytes.Compare(out[i-1].key, out[i].key) >= 0 {
			return nil, fmt.Errorf("page %d: keys %x and %x are not in order", n.id, out[i-1].key, out[i].key)
		}
		if out[i].bucket && len(out[i].value) < bucketBytes {
			return nil, fmt.Errorf("page %d: bucket %q has no root", n.id, out[i].key)
		}
	}
	return out, nil
}

// freed are the pages that a transaction may write to.
func (p *pages) freed() (pageSet, error) {
	if p.free != nil {
		return p.free, nil
	}
	if p.meta.free == noFree {
		return newPageSet(p.meta.end), nil
	}
	n, err := p.read(p.meta.free, nil)
	if err != nil {
		return nil, fmt.Errorf("free pages: %w", err)
	}
	count, ids := uint64(n.count), n.data
	if count == 0xFFFF && len(ids) >= idBytes {
		count, ids = native.Uint64(ids), ids[idBytes:]
	}
	if n.kind != freePage || count > uint64(len(ids)/idBytes) {
		return nil, fmt.Errorf("free pages: page %d of kind %d cannot list %d", n.id, n.kind, count)
	}
	free := newPageSet(p.meta.end)
	for i := range count {
		id := native.Uint64(ids[i*idBytes:])
		if id < 2 || id >= p.meta.end || free.has(id) {
			return nil, fmt.Errorf("free pages: page %d is not one of the file's %d, or is listed twice", id, p.meta.end)
		}
		free.add(id)
	}
	p.free = free
	return free, nil
}

// branches looks at the pages of a tree above its leaves: bbolt will come to an
// end in it. They are one in a hundred of its pages.
func (p *pages) branches(root uint64) error {
	seen := newPageSet(p.meta.end)
	var space []byte
	var elements []element
	for level := []uint64{root}; len(level) > 0; {
		first, err := p.read(level[0], nil)
		if err != nil {
			return err
		}
		seen.add(root)
		if first.kind == leafPage { // so are the others: all leaves are equally deep
			return nil
		}
		free, err := p.freed()
		if err != nil {
			return err
		}
		var next []uint64
		for _, id := range level {
			n, err := p.read(id, space)
			if err != nil {
				return err
			}
			space = n.whole
			if elements, err = n.elements(elements); err != nil {
				return err
			}
			for _, e := range elements {
				if e.page < 2 || e.page >= p.meta.end || seen.has(e.page) || free.has(e.page) {
					return fmt.Errorf("page %d points to page %d, which is not its own", id, e.page)
				}
				seen.add(e.page)
				next = append(next, e.page)
			}
		}
		level = next
	}
	return nil
}

// audit looks at every page of the file.
type audit struct {
	*pages
	used   pageSet
	faults []string
	space  [deepest + 1]struct { // of the page at each depth
		page     []byte
		elements []element
	}
}

// check is what is wrong with the file's pages; an empty list promises that bbolt
// can follow them all. Bytes that were changed inside of a key or value it cannot
// see, if the keys are still in order: bbolt has no checksums on them.
func (p *pages) check() []string {
	a := &audit{pages: p, used: newPageSet(p.meta.end)}
	free, err := p.freed()
	if err != nil {
		a.tell(err)
	} else if p.meta.free != noFree {
		n, err := p.read(p.meta.free, nil)
		if err != nil {
			a.tell(err)
		}
		a.use(n)
	}
	a.tree(p.meta.root, nil, nil, deepest)
	for id := uint64(2); id < p.meta.end && len(a.faults) == 0; id++ {
		if a.used.has(id) == free.has(id) && p.meta.free != noFree {
			a.tell(fmt.Errorf("page %d is in use: %v, and free: %v", id, a.used.has(id), free.has(id)))
		}
	}
	return a.faults
}

func (a *audit) tell(err error) { a.faults = append(a.faults, err.Error()) }

// use notes that the tree has this page; false: another place has it too.
func (a *audit) use(n node) bool {
	for id := n.id; id <= n.id+n.overflow; id++ {
		if a.used.has(id) {
			a.tell(fmt.Errorf("page %d is in use twice", id))
			return false
		}
		a.used.add(id)
	}
	return true
}

// tree checks a page and those below it, whose keys are from least up to, and
// without, most; nil: there is no such bound.
func (a *audit) tree(id uint64, least, most []byte, depth int) {
	if depth == 0 {
		a.tell(fmt.Errorf("page %d is more than %d levels deep", id, deepest))
		return
	}
	n, err := a.read(id, a.space[depth].page)
	if err != nil {
		a.tell(err)
		return
	}
	a.space[depth].page = n.whole
	if a.use(n) {
		a.below(n, least, most, depth)
	}
}

func (a *audit) below(n node, least, most []byte, depth int) {
	if depth == 0 {
		a.tell(fmt.Errorf("page %d is more than %d levels deep", n.id, deepest))
		return
	}
	elements, err := n.elements(a.space[depth].elements)
	if err != nil {
		a.tell(err)
		return
	}
	a.space[depth].elements = elements
	if len(elements) > 0 {
		first, last := elements[0].key, elements[len(elements)-1].key
		if bytes.Compare(first, least) < 0 || most != nil && bytes.Compare(last, most) >= 0 {
			a.tell(fmt.Errorf("page %d has keys from %x to %x, the page above it says %x to %x", n.id, first, last, least, most))
		}
	}
	for i, e := range elements {
		switch {
		case n.kind == branchPage:
			end := most
			if i+1 < len(elements) {
				end = elements[i+1].key
			}
			a.tree(e.page, e.key, end, depth-1)
		case e.bucket:
			a.bucket(n.id, e, depth)
		case n.overflow > 0 && len(e.value) > 0 && e.value[0] == '{' && !json.Valid(e.value): // pages of its middle have no heads that would tell
			a.tell(fmt.Errorf("page %d: the record of key %x is no JSON", n.id, e.key))
		}
	}
}

// bucket checks the tree of a bucket, or the small one that is kept in its place.
func (a *audit) bucket(in uint64, e element, depth int) {
	root, inline := native.Uint64(e.value), e.value[bucketBytes:]
	if root != 0 {
		a.tree(root, nil, nil, depth-1)
		return
	}
	if len(inline) < headerBytes {
		a.tell(fmt.Errorf("page %d: bucket %q is cut short", in, e.key))
		return
	}
	n := node{id: in, kind: native.Uint16(inline[8:]), count: int(native.Uint16(inline[10:])), data: inline[headerBytes:]}
	if n.kind != leafPage {
		a.tell(fmt.Errorf("page %d: bucket %q is of kind %d, not a leaf", in, e.key, n.kind))
		return
	}
	a.below(n, nil, nil, depth-1)
}
