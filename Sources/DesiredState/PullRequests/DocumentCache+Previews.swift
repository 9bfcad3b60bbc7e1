extension DocumentCache {
    /// Which pull requests have a preview at this commit; nil where no policy wants any, or none that can be read.
    ///
    /// It is asked for before anything else of the commit is read, because the pull requests are one of its inputs.
    public func previewRule(of tree: SourceTree) -> PreviewRule? {
        let report = Report()
        let reading = PoliciesReader.read(Library(files(of: tree), report), report)
        return reading.previewsFault == nil ? reading.policy.previews : nil
    }
}
