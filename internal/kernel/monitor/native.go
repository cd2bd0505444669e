package monitor

import "encoding/binary"

func nativeUint32(b []byte) uint32 { return binary.NativeEndian.Uint32(b) }
func nativeUint16(b []byte) uint16 { return binary.NativeEndian.Uint16(b) }
