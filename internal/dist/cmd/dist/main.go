// Command dist builds the collection's binaries into their folder and what is released of them into build.
//
//	dist -build     only the binaries
//	dist            the artifact that ansible-galaxy takes
//	dist -release   the artifact, bills of materials and provenance
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
	release := flag.Bool("release", false, "add bills of materials and provenance")
	key := flag.String("sign", "", "only sign what was released, with this key of gpg's")
	flag.Parse()
	if err := run(context.Background(), *only, *release, *key); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, only, release bool, key string) error {
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
