/// A driver whose provider runs workflows of a repository.
public protocol WorkflowStarting: Driver {
    /// Starts a workflow; the same key twice is one start.
    ///
    /// - Parameters:
    ///   - file: of the workflow, `gates.yml`.
    ///   - repository: `owner/name`.
    ///   - ref: the branch or tag whose workflow runs.
    ///   - key: tells this start from every other.
    ///   - context: where the call comes from.
    /// - Returns: the provider's id of the run.
    func startWorkflow(
        _ file: String, of repository: String, ref: String, key: String, _ context: DriverContext
    ) async -> Result<Int64, ProviderFault>

    /// How a run ended, in the provider's word (`success`, `failure`, `timed_out`, …); nil while it runs.
    func workflowConclusion(
        of run: Int64, in repository: String, _ context: DriverContext
    ) async -> Result<String?, ProviderFault>
}
