// Command dist builds the collection's binaries into their folder and what is released of them into build.
//
//	dist -build     only the binaries
//	dist            the artifact that ansible-galaxy takes
//	dist -packages  Debian and RPM packages of the command hostnet
//	dist -release   all of that, bills of materials and provenance
//	dist -sign KEY  detached signatures of what is there
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"hostnet.linux/internal/dist"
)

const output = "build"

func main() {
	only := flag.Bool("build", false, "only build the binaries")
	packages := flag.Bool("packages", false, "make packages of the command hostnet")
	release := flag.Bool("release", false, "make the artifact, packages, bills of materials and provenance")
	key := flag.String("sign", "", "only sign what was released, with this key of gpg's")
	flag.Parse()
	if err := run(context.Background(), *only, *packages, *release, *key); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, packages, release bool, key string) error {
	if key != "" {
		signatures, err := dist.Sign(ctx, output, key)
		for _, one := range signatures {
			fmt.Println(one)
		}
		return err
	}
	if err := dist.Build(ctx, ".", dist.Binaries, os.Stdout); err != nil || only {
		return err
	}
	if packages || release {
		if err := dist.WritePackages(ctx, ".", dist.Binaries, output); err != nil {
			return err
		}
	}
	if packages {
		return dist.WriteSums(output)
	}
	artifact, err := dist.Pack(".", dist.Binaries, output)
	if err != nil {
		return err
	}
	fmt.Println(artifact)
	if !release {
		return nil
	}
	if err := dist.WriteSBOMs(ctx, ".", dist.Binaries, output); err != nil {
		return err
	}
	if err := dist.WriteProvenance(ctx, ".", output); err != nil {
		return err
	}
	return dist.WriteSums(output)
}
