from cl_core import experiments as experiments
from cl_core import learners as learners
from cl_core import linear as linear
from cl_core import metrics as metrics
from cl_core import strategies as strategies
from cl_core import streams as streams
from cl_core.experiments import run as run
from cl_core.learners.arrival import arrive as arrive
from cl_core.learners.evaluation import evaluate as evaluate
from cl_core.learners.networks import build_network as build_network
from cl_core.learners.recipe import NetworkSpec as NetworkSpec
from cl_core.learners.recipe import Recipe as Recipe
from cl_core.learners.tensors import prepare as prepare
from cl_core.learners.tensors import split_by_class as split_by_class
from cl_core.learners.training import train_task as train_task
from cl_core.streams import stream as stream

__version__: str
