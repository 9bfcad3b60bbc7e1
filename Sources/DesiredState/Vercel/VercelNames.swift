import Basics
import Formats

/// Holds what other documents call the Vercel projects against the documents that want them.
struct VercelNames {
    let reading: VercelReading
    let report: Report

    func check(_ library: Library) {
        guard let file = reading.documents.first?.path, !reading.projects.isEmpty else { return }
        if let document = library.entry(under: "integrations/vercel_hosting") {
            for app in document.root?["known_apps"]?.value.items ?? [] {
                check(app["vercel_project"]?.value, at: app["path"]?.value, in: document.path, file)
            }
        }
        if let document = library.entry(under: "platform/surfaces") {
            for app in document.root?.at("surfaces", "vercel", "deployables")?.items ?? [] {
                check(app["app"]?.value, at: app["root"]?.value, in: document.path, file)
            }
        }
    }

    private func check(_ name: Node?, at directory: Node?, in document: String, _ file: String) {
        guard let node = name, let name = node.filledText else { return }
        let mark = node.mark(in: document)
        if let directory = directory?.filledText, let own = reading.project(at: directory), own != name {
            report.warning(
                .documentDisagreement,
                "the Vercel project of \(quoted(directory)) is called \(quoted(name)) here and \(quoted(own)) there",
                at: mark, hint: "Make both say the same. What wants the project counts.",
                notes: [Diagnostic.Note("it is wanted here", at: SourceMark(file: file, line: 1, column: 1))])
        } else if !reading.projects.contains(name) {
            report.warning(
                .unknownReference, "the Vercel project \(quoted(name)) is named here and is wanted nowhere", at: mark,
                hint: didYouMean(name, among: reading.projects, else: "Add it to \(file), or correct the name."),
                notes: [Diagnostic.Note("the projects are here", at: SourceMark(file: file, line: 1, column: 1))])
        }
    }
}
