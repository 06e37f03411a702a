package asset

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"path"
	"strings"
)

// Asset is a file on the network together with the hash of its content. It is made with [New], usually as a package
// variable, is immutable, and may be used by any number of goroutines.
type Asset struct {
	url  string
	hash string
	get  Getter // nil for a GET request to the URL
}

// New declares the file that rawURL serves and whose content has the given hash: 64 hexadecimal digits of SHA-256 or
// 128 of SHA-512, in any case. Nothing is fetched or checked here, so that a mistyped package variable does not stop a
// whole test binary: [Asset.Err] and [Asset.Fetch] report a bad URL or hash.
//
// Two assets may share a hash and differ in URL; they share one file in the cache.
func New(rawURL, hash string) *Asset {
	return &Asset{url: rawURL, hash: strings.ToLower(hash)}
}

// URL returns the address the asset was declared with.
func (a *Asset) URL() string { return a.url }

// Hash returns the hash in lower case. It is the name of the file in the cache.
func (a *Asset) Hash() string { return a.hash }

// String returns the URL.
func (a *Asset) String() string { return a.url }

// Name returns the last element of the URL's path, without query, such as "day18.tar.xz": what the file would be
// called in a download directory. In the cache it is named by its hash, so use Name to guess an archive's format.
// It is "" when the URL has no path.
func (a *Asset) Name() string {
	u, err := url.Parse(a.url)
	if err != nil || strings.Trim(u.Path, "/") == "" {
		return ""
	}
	return path.Base(u.Path)
}

// Err returns nil when the asset can be looked up at all, else an [*Error] of kind [BadAsset] that says what is wrong
// with its hash or URL.
func (a *Asset) Err() error {
	if err := a.validate(); err != nil {
		return &Error{Asset: a, Kind: BadAsset, Err: err}
	}
	return nil
}

func (a *Asset) validate() error {
	if err := validateHash(a.hash); err != nil {
		return err
	}
	u, err := url.Parse(a.url)
	if err != nil {
		return fmt.Errorf("its URL does not parse: %w", err)
	}
	if a.get != nil {
		return nil
	}
	if u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("its URL has the scheme %q where http or https is needed", u.Scheme)
	}
	if u.Host == "" {
		return errors.New("its URL names no host")
	}
	return nil
}

func validateHash(hash string) error {
	if n := len(hash); n != hex.EncodedLen(sha256.Size) && n != hex.EncodedLen(sha512.Size) {
		return fmt.Errorf("its hash has %d characters where SHA-256 has 64 and SHA-512 has 128", n)
	}
	if _, err := hex.DecodeString(hash); err != nil {
		return fmt.Errorf("its hash is not hexadecimal: %w", err)
	}
	return nil
}

// Fetch returns the path of the asset in the [DefaultCache], downloading it first when it is not there.
// See [Cache.Fetch].
func (a *Asset) Fetch(ctx context.Context) (string, error) {
	return DefaultCache().Fetch(ctx, a)
}

// Cached returns the path of the asset in the [DefaultCache] and whether a verified file is there.
// See [Cache.Cached].
func (a *Asset) Cached() (string, bool) {
	return DefaultCache().Cached(a)
}

// newHash returns the hash function that the length of the asset's hash stands for.
func (a *Asset) newHash() hash.Hash {
	if len(a.hash) == hex.EncodedLen(sha512.Size) {
		return sha512.New()
	}
	return sha256.New()
}
