# What `sidekiq --require` loads. Says at the end how many jobs it has run.
require_relative "nothing"

# Two lines for each job would be most of what is measured.
Sidekiq.logger.level = Logger::WARN
at_exit { puts %({"done":#{Nothing.done}}) }
