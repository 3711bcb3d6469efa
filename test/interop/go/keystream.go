package main

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"io"
)

// keystream gives bytes that both ends can make: AES-128-CTR over zeros, the key's first word `key`.
func keystream(key uint32) io.Reader {
	bytes := make([]byte, 16)
	binary.BigEndian.PutUint32(bytes, key)
	block, err := aes.NewCipher(bytes)
	if err != nil {
		panic(err)
	}
	return &cipher.StreamReader{S: cipher.NewCTR(block, make([]byte, 16)), R: zeros{}}
}

type zeros struct{}

func (zeros) Read(target []byte) (int, error) {
	clear(target)
	return len(target), nil
}
