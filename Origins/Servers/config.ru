# Rack, for Puma.
class Answer
  def initialize(note) = @note = note

  def each
    yield "x" * ENV.fetch("ORIGIN_BODY_BYTES").to_i
    @note.("written")
  rescue => error
    @note.("failed #{error.class}")
    raise
  end
end

run lambda { |environment|
  note = ->(event) { File.write(ENV.fetch("ORIGIN_LOG"), "#{environment["PATH_INFO"]} #{event}\n", mode: "a") }
  environment["rack.input"].read
  note.("begun")
  sleep ENV.fetch("ORIGIN_WORK_MS").to_i / 1000.0
  note.("finished")
  [200, { "Content-Length" => ENV.fetch("ORIGIN_BODY_BYTES") }, Answer.new(note)]
}
