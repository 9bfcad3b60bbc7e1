internal import Basics
public import Drivers
internal import Formats

extension GitHubDriver: WorkflowStarting {
    public func startWorkflow(
        _ file: String, of repository: String, ref: String, key: String, _ context: DriverContext
    ) async -> Result<Int64, ProviderFault> {
        guard let name = RepositoryName(repository) else { return .failure(Self.noRepository(repository)) }
        do throws(ProviderFault) {
            return .success(try await GitHubReporter(self).start(file, ref: ref, key: key, in: name, context).id)
        } catch {
            return .failure(error)
        }
    }

    public func workflowConclusion(
        of run: Int64, in repository: String, _ context: DriverContext
    ) async -> Result<String?, ProviderFault> {
        guard let name = RepositoryName(repository) else { return .failure(Self.noRepository(repository)) }
        do throws(ProviderFault) {
            let call = ProviderCall("runs.get", "GET", "\(name.path)/actions/runs/\(run)", permission: "Actions: read")
            let answer = try await api.send(call, context)
            guard let status = answer.root?["status"].string else { throw answer.broken("it has no `status`") }
            guard status == "completed" else { return .success(nil) }
            return .success(answer.root?["conclusion"].string ?? "failure")
        } catch {
            return .failure(error)
        }
    }

    private static func noRepository(_ text: String) -> ProviderFault {
        names.fault(
            .impossible, ProviderCall("workflows.dispatch", "POST", "/repos/\(text)"),
            "\(text) is no name of a repository",
            .waitForNewCommit)
    }
}
