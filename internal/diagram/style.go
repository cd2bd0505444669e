package diagram

// style has the light colours, and the dark ones for who prefers these. Renderers without media queries draw it light.
const style = `
text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;fill:#1f2430}
.page{fill:#ffffff}
.title{font-size:19px;font-weight:600}
.host{fill:#e3e6eb;stroke:#7d8594;stroke-width:1.2}
.host-name{font-size:16px;font-weight:600}
.band{fill:#f7f8fa;stroke:#a9b0bc}
.inner{fill:#ffffff}
.space-name{font-size:12px;font-weight:600}
.space-note{font-size:10.5px;fill:#5b6472}
.bond{fill:#ffffff;stroke:#596273;stroke-width:1.2}
.card{fill:none;stroke:#7d8594;stroke-dasharray:3 3}
.name{font-size:13px;font-weight:600}
.note{font-size:10.5px}
.end{fill:#ffffff;stroke:#a9b0bc}
.end-name{font-size:10.5px;fill:#3d4553}
.legend{font-size:11.5px}
.line{fill:none;stroke-width:1.8;stroke-linejoin:round}
.legend-line{stroke:#596273}
.dash-sub{stroke-dasharray:11 5}
.dash-bridge{stroke-dasharray:6 4}
.dash-tunnel{stroke-dasharray:9 4 2 4}
.dash-pair{stroke-dasharray:2 3.2}
.box{stroke:#00000030}
.management .box{fill:#8e1b10}.management-line{stroke:#8e1b10}
.storage .box{fill:#d1303c}.storage-line{stroke:#d1303c}
.tunnel .box{fill:#1c78c8}.tunnel-line{stroke:#1c78c8}
.provider .box{fill:#a3d0f5}.provider-line{stroke:#5fa8dd}
.external .box{fill:#2b7a3f}.external-line{stroke:#2b7a3f}
.lxc .box{fill:#c9cdd4}.lxc-line{stroke:#868e9b}
.other .box{fill:#596273}.other-line{stroke:#596273}
.node text,.cloud text{fill:#ffffff}
.provider text,.lxc text{fill:#1f2430}
.backup .box{fill-opacity:.35;stroke:#1f2430;stroke-dasharray:4 3;stroke-width:1.4}
.node.backup text{fill:#1f2430}
.node.broken .box{fill:#fff4e0;stroke:#d9480f;stroke-width:2;stroke-dasharray:5 3}
.node.broken text{fill:#8a2c06}
.end.broken{stroke:#d9480f;stroke-width:1.6;stroke-dasharray:4 2}
.drift{fill:#ffd43b;stroke:#1f2430;stroke-width:.6}
.node text.drift-text,.node.backup text.drift-text,.node.broken text.drift-text,.on-bond text.drift-text{fill:#1f2430;font-weight:700}
@media (prefers-color-scheme:dark){
text{fill:#e6e9ef}
.page{fill:#12151a}
.host{fill:#262b34;stroke:#586173}
.band{fill:#1b2028;stroke:#4a5262}
.inner{fill:#12161c}
.space-note{fill:#9aa4b4}
.bond{fill:#12161c;stroke:#7d8798}
.end{fill:#12161c;stroke:#4a5262}
.end-name{fill:#c3cad6}
.legend-line{stroke:#9aa4b4}
.box{stroke:#ffffff30}
.management .box{fill:#a8281b}.management-line{stroke:#d4533f}
.storage-line{stroke:#ea5a64}
.tunnel-line{stroke:#4ba0e8}
.provider-line{stroke:#a3d0f5}
.external-line{stroke:#51b56b}
.lxc .box{fill:#9aa2ae}
.lxc-line{stroke:#9aa2ae}
.other-line{stroke:#8a94a6}
.provider text,.lxc text{fill:#12151a}
.backup .box{stroke:#e6e9ef}
.node.backup text{fill:#e6e9ef}
.node.broken .box{fill:#3a1d0c;stroke:#ff922b}
.node.broken text{fill:#ffc078}
.node text.drift-text,.node.backup text.drift-text,.node.broken text.drift-text,.on-bond text.drift-text{fill:#1f2430}
}
`
