package kernel

// Checksums is what DHCP on a bridge asks of the kernel. Packets from the host to a container never meet a network
// card, so their UDP checksum stays unfinished; clients that read them raw, as DHCP clients do, may drop them.
type Checksums interface {
	// CanFillChecksums tells whether this kernel has what it takes.
	CanFillChecksums() bool
	// FillsChecksums tells whether DHCP answers that leave by the link get their checksum; a link that is not there
	// has none.
	FillsChecksums(link string) (bool, error)
	// FillChecksums switches that on or off.
	FillChecksums(link string, on bool) error
}
